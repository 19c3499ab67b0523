// The journal's records and their bytes. A file is kMagic and then records:
//   u32 length of the payload, u32 CRC-32 of the payload, payload
// A payload is a kind byte and fields; numbers are LEB128, texts a number and the bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "tui/document/history.h"

namespace understory::tui {

inline constexpr std::string_view kJournalMagic = "understory journal 1\n";

/// An edit at the current state.
struct EditRecord {
  bool joins = false;
  std::int64_t time_ms = 0;
  std::uint64_t caret_before = 0;
  std::uint64_t caret_after = 0;
  Edit edit;
};
/// Undo, redo and the like.
struct MoveRecord {
  std::uint64_t state = 0;
};
/// The file on disk has the text of a state.
struct SavedRecord {
  std::uint64_t state = 0;
  std::uint64_t hash = 0;
  std::uint64_t size_bytes = 0;
};
/// The file `base` beside the journal has the text of a state.
struct BaseRecord {
  std::uint64_t state = 0;
  std::uint64_t hash = 0;
};
/// How many words the text had at a time; statistics are made from these.
struct WordsRecord {
  std::int64_t time_ms = 0;
  std::uint64_t words = 0;
};
/// Where the writer was when leaving.
struct CaretRecord {
  std::uint64_t caret = 0;
};

using Record =
    std::variant<EditRecord, MoveRecord, SavedRecord, BaseRecord, WordsRecord, CaretRecord>;

std::string encode(const Record& record);  // with length and checksum

struct ParsedRecord {
  Record record;
  std::size_t size_bytes = 0;
};
/// The record at the start of `bytes`; nothing where it is cut short or damaged.
std::optional<ParsedRecord> parse_record(std::string_view bytes);

std::uint32_t crc32(std::string_view bytes);

}  // namespace understory::tui
