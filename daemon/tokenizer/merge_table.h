// A byte-level tokenizer's merges: which two neighbouring symbols become which one, and how
// early.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "daemon/gguf/gguf.h"
#include "daemon/tokenizer/string_table.h"
#include "daemon/tokenizer/vocabulary.h"

namespace understory::tokenizer {

/// Symbols are numbered: a token's text by the token's id; a text that is no token (a file may
/// merge through such texts) from the vocabulary's size onwards.
class MergeTable {
 public:
  struct Merge {
    std::uint32_t rank;    // 0 is merged first
    std::uint32_t symbol;  // what the two become
  };

  /// From tokenizer.ggml.merges; kBadModel where it is missing or an element is not two texts.
  static Result<MergeTable> read(const gguf::Metadata& metadata, const Vocabulary& vocabulary);

  std::optional<Merge> find(std::uint32_t left, std::uint32_t right) const;

  /// The symbol that stands for a byte.
  std::uint32_t byte_symbol(std::uint8_t byte) const { return byte_symbols_[byte]; }

 private:
  struct Slot {
    std::uint64_t pair = kEmpty;
    Merge merge{};
  };
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};

  explicit MergeTable(const Vocabulary& vocabulary);
  std::uint32_t symbol(const Vocabulary& vocabulary, std::string_view text);
  std::size_t slot_of(std::uint64_t pair) const;

  StringTable other_texts_;  // symbols that are no tokens
  StringIndex other_index_;
  std::vector<std::uint32_t> byte_symbols_;
  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
};

}  // namespace understory::tokenizer
