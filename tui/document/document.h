// A document: its text, every state it was in, its file, and the journal that outlives a crash.
//
// The one place where text changes: edit(), undo() and the like change the text, the history and
// the journal together. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tui/document/document_lock.h"
#include "tui/document/file_store.h"
#include "tui/document/history.h"
#include "tui/document/journal.h"
#include "tui/text/text.h"

namespace understory::tui {

struct OpenOptions {
  std::filesystem::path state_folder;  // journals; empty: the user's own (default_state_folder)
  bool keeps_backup = true;            // NAME~ at a session's first save
};

/// $XDG_STATE_HOME/understory, or ~/.local/state/understory.
std::filesystem::path default_state_folder();

/// Where a document's journal, lock and base are kept.
std::filesystem::path document_folder(const std::filesystem::path& state_folder,
                                      const std::filesystem::path& document);

/// Text that never reached the file: left by a crash, or by leaving without saving.
struct Recovery {
  Text text;
  std::int64_t time_ms = 0;       // of its last edit; since 1970
  std::ptrdiff_t n_words = 0;     // more than the file has; below 0: fewer
  bool file_has_changed = false;  // neither of the two continues the other
};

enum class DiskState { kSame, kChanged, kGone };

class Document {
 public:
  /// Opens a file, or a new one where there is none. Where the journal cannot be used the document
  /// opens without one, and journal_problem() says why. kIo, kInvalidArgument, kNotFound.
  static Result<std::unique_ptr<Document>> open(const std::filesystem::path& path,
                                                const OpenOptions& options);
  ~Document();

  const std::filesystem::path& path() const { return path_; }
  const Text& text() const { return text_; }
  /// Changes with every change of the text.
  std::uint64_t revision() const { return revision_; }
  LineEnding ending() const { return ending_; }
  std::string_view line_break() const { return ending_ == LineEnding::kCrLf ? "\r\n" : "\n"; }

  bool is_read_only() const { return is_read_only_; }
  /// Why; empty where it may be changed.
  const std::string& read_only_reason() const { return read_only_reason_; }
  bool is_new() const { return !stamp_.exists; }
  bool is_modified() const;
  const Text& saved_text() const { return saved_text_; }

  // --- changing ---
  /// `joins`: part of the same undo step as the edit before, where that is possible. Does nothing
  /// on a read-only document.
  void edit(std::size_t offset, std::size_t length, std::string_view bytes,
            std::size_t caret_before, std::size_t caret_after, bool joins = false);
  /// The next edit begins a step of its own.
  void seal() { history_.seal(); }
  /// Each gives the caret, or nothing where there is nowhere to go.
  std::optional<std::size_t> undo() { return go(history_.undo_target()); }
  std::optional<std::size_t> redo() { return go(history_.redo_target()); }
  std::optional<std::size_t> earlier() { return go(history_.earlier_target()); }
  std::optional<std::size_t> later() { return go(history_.later_target()); }
  const History& history() const { return history_; }

  // --- the file ---
  /// kBusy where another program has changed the file: see disk_state(). kIo otherwise.
  Status save();
  /// Saves under another name, replacing what is there; the document is then that file, with its
  /// history. kBusy where that file is open in another window.
  Status save_as(const std::filesystem::path& path);
  DiskState disk_state();
  /// Takes what is on the disk now; the text before stays reachable by undo.
  Status reload();
  /// Merges what is on the disk into the text. Gives the number of conflicts.
  Result<std::size_t> merge_from_disk();
  /// From now on the file's present version counts as seen: saving will replace it.
  void ignore_disk_change();

  // --- recovery ---
  const std::optional<Recovery>& recovery() const { return recovery_; }
  void take_recovery();
  /// Recovered text and changed file together; gives the number of conflicts.
  std::size_t merge_recovery();
  /// Goes on with the file; the unsaved text stays in the history (later()).
  void leave_recovery();

  /// Back to what is on disk; what is given up stays in the history.
  void discard_changes();

  // --- the journal ---
  /// Why edits are not being journaled; empty where all is well.
  std::string journal_problem() const;
  /// Waits until every edit is on the disk.
  Status flush();
  void note_words(std::int64_t now_ms);
  void note_caret(std::size_t caret);
  std::size_t remembered_caret() const { return remembered_caret_; }
  const std::vector<WordsRecord>& word_log() const { return word_log_; }
  /// True once after another app tried to open this document.
  bool was_knocked() { return lock_ && lock_->was_knocked(); }

 private:
  Document() = default;
  Status open_journal();
  void adopt(JournalContent& content);
  void relate_by_base(JournalContent& content);
  void offer_recovery(std::size_t state, const Text& text);
  void set_read_only(std::string reason);
  std::optional<std::size_t> go(std::optional<std::size_t> state);
  void move(std::size_t state, const Text& text);
  void record(Edit edit, std::size_t caret_before, std::size_t caret_after, bool joins);
  void change_to(const Text& text);
  void add_disk_state(const FileImage& image);
  void append(const Record& record);
  void ensure_base();
  void mark_saved(const FileStamp& stamp);

  std::filesystem::path path_;
  std::filesystem::path folder_;  // of the journal
  std::filesystem::path state_folder_;
  Text text_;
  Text saved_text_;
  std::size_t saved_state_ = 0;
  std::uint64_t revision_ = 0;
  LineEnding ending_ = LineEnding::kLf;
  FileStamp stamp_;
  bool is_read_only_ = false;
  std::string read_only_reason_;
  bool keeps_backup_ = true;
  std::optional<BaseRecord> base_;
  mutable std::uint64_t compared_revision_ = 0;
  mutable bool was_modified_ = false;
  History history_;
  std::optional<Recovery> recovery_;
  std::size_t recovery_state_ = 0;
  std::size_t remembered_caret_ = 0;
  std::vector<WordsRecord> word_log_;
  std::string no_journal_because_;
  std::optional<DocumentLock> lock_;
  std::optional<JournalWriter> writer_;
  std::future<void> base_writing_;  // uses the writer: the first to go
};

std::int64_t now_ms();  // since 1970

}  // namespace understory::tui
