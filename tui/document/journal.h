// The journal on disk: every edit as it is made, so that neither a crash nor a closed terminal
// costs more than a second of work, and so that undo reaches back through all sessions.
//
// One append-only file of records (record.h) in the document's folder under the user's state
// directory, written by a thread of its own: append() never waits for a disk.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tui/document/record.h"

namespace understory::tui {

/// What a journal says, replayed.
struct JournalContent {
  History history;
  std::optional<BaseRecord> base;
  std::optional<SavedRecord> last_saved;
  std::map<std::uint64_t, std::uint64_t> saved_states;  // by the saved text's hash
  std::vector<WordsRecord> words;
  std::uint64_t caret = 0;
  std::size_t good_bytes = 0;     // up to the first record that is cut short or damaged
  std::size_t damaged_bytes = 0;  // after them
};

/// Reads a journal; a missing file is an empty one. kIo where it cannot be read, kUnsupported
/// where it is something else.
Result<JournalContent> read_journal(const std::filesystem::path& path);

/// The same content in fewer bytes: a step's edits as they stand in the history.
std::string compact(const JournalContent& content);

class JournalWriter {
 public:
  /// At most this long from append() to the disk.
  static constexpr int kSyncMs = 500;

  /// Appends to the file after `good_bytes`; what stands behind them is cut off.
  static Result<JournalWriter> open(const std::filesystem::path& path, std::size_t good_bytes);
  JournalWriter(JournalWriter&&) noexcept;
  JournalWriter& operator=(JournalWriter&&) noexcept;
  ~JournalWriter();  // flushes

  void append(const Record& record);
  /// Waits until everything is on the disk, or gives the reason why it is not.
  Status flush(int timeout_ms = 5000);
  /// Why the journal cannot be written at the moment; it goes on trying. Empty where all is well.
  std::string problem() const;
  /// A file descriptor for tests that fill the disk; -1 where closed.
  int fd() const;

 private:
  struct State;
  explicit JournalWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace understory::tui
