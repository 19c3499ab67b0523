#include "tui/document/document.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tui/document/file_bytes.h"
#include "tui/document/merge.h"

namespace understory::tui {
namespace fs = std::filesystem;
namespace {

/// A journal is rewritten at the opening where that saves much.
constexpr std::size_t kCompactAboveBytes = std::size_t{1} << 20;

std::string hex(std::uint64_t v) {
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(v));
  return digits;
}

Status make_private_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Error{ErrorCode::kIo,
                 "cannot make the folder " + folder.string() + ": " + error.message()};
  }
  (void)chmod(folder.c_str(), S_IRWXU);
  return {};
}

}  // namespace

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

fs::path default_state_folder() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return fs::path(state) / "understory";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr && *home != '\0' ? home : "/tmp") / ".local/state/understory";
}

fs::path document_folder(const fs::path& state_folder, const fs::path& document) {
  const fs::path whole = resolved(document);
  // The name is for people who look there; the hash tells paths apart.
  std::string name = whole.filename().string().substr(0, 60);
  return state_folder / "documents" / (name + "-" + hex(hash_of(whole.string())));
}

Result<std::unique_ptr<Document>> Document::open(const fs::path& path, const OpenOptions& options) {
  Result<FileImage> image = read_document(path);
  if (!image) return image.error();
  std::unique_ptr<Document> document(new Document);
  document->path_ = path;
  document->text_ = image->text;
  document->saved_text_ = image->text;
  document->stamp_ = image->stamp;
  document->ending_ = image->ending;
  document->keeps_backup_ = options.keeps_backup;
  document->state_folder_ =
      options.state_folder.empty() ? default_state_folder() : options.state_folder;
  if (image->is_read_only) document->set_read_only("the file is read-only");
  if (Status s = document->open_journal(); !s) {
    if (s.error().code == ErrorCode::kBusy) {
      document->set_read_only(s.error().message);
    } else {
      document->no_journal_because_ = s.error().message;
    }
  }
  return document;
}

Document::~Document() = default;

void Document::set_read_only(std::string reason) {
  is_read_only_ = true;
  read_only_reason_ = std::move(reason);
}

bool Document::is_modified() const {
  if (compared_revision_ != revision_ + 1) {
    compared_revision_ = revision_ + 1;
    was_modified_ = !(text_ == saved_text_);
  }
  return was_modified_;
}

// --- opening -----------------------------------------------------------------------------

Status Document::open_journal() {
  folder_ = document_folder(state_folder_, path_);
  if (Status s = make_private_folder(folder_); !s) return s;
  Result<DocumentLock> lock = DocumentLock::take(folder_);
  if (!lock) return lock.error();
  lock_ = *std::move(lock);
  const fs::path path = folder_ / "journal";
  Result<JournalContent> content = read_journal(path);
  if (!content && content.error().code != ErrorCode::kUnsupported) return content.error();
  if (!content) {
    // A later version's: kept, as it may hold text.
    std::error_code error;
    fs::rename(path, path.string() + "." + std::to_string(now_ms()), error);
    content = JournalContent{};
  }
  std::size_t good_bytes = content->good_bytes;
  if (good_bytes > kCompactAboveBytes) {
    const std::string smaller = compact(*content);
    if (smaller.size() < good_bytes / 4 * 3 && replace_file(path, Text(smaller))) {
      good_bytes = smaller.size();
    }
  }
  Result<JournalWriter> writer = JournalWriter::open(path, good_bytes);
  if (!writer) return writer.error();
  writer_.emplace(*std::move(writer));
  adopt(*content);
  return {};
}

/// Finds the file's text among the states of the journal, and what was typed after it.
void Document::adopt(JournalContent& content) {
  word_log_ = std::move(content.words);
  remembered_caret_ = std::min<std::size_t>(content.caret, text_.size());
  base_ = content.base;
  const std::uint64_t hash = hash_of(text_);
  const auto found = content.saved_states.find(hash);
  const std::size_t last = content.history.current();
  if (found != content.saved_states.end() && content.history.fits(text_, found->second, last)) {
    history_ = std::move(content.history);
    saved_state_ = found->second;
    const Text text = history_.travel(text_, saved_state_, last).text;
    history_.move_to(saved_state_);
    if (text == text_) {
      append(MoveRecord{saved_state_});
    } else {
      offer_recovery(last, text);
    }
  } else if (content.history.n_states() > 1 || !content.saved_states.empty()) {
    relate_by_base(content);
  }
  append(SavedRecord{saved_state_, hash, text_.size()});
  // Replaying Saved seals; moving back to unsaved text must come after it.
  if (recovery_) append(MoveRecord{recovery_state_});
  history_.seal();
}

/// The file's text is unknown to the journal: another program has written it, or the app ended
/// between saving and noting so. `base` tells.
void Document::relate_by_base(JournalContent& content) {
  const Result<std::string> bytes = read_bytes(folder_ / "base");
  const std::size_t last = content.history.current();
  const bool is_usable =
      bytes && content.base && content.last_saved && hash_of(*bytes) == content.base->hash &&
      content.history.fits(Text(*bytes), content.base->state, last) &&
      content.history.fits(Text(*bytes), content.base->state, content.last_saved->state);
  if (!is_usable) {
    // Nothing relates the two. The old journal is kept under another name.
    std::error_code error;
    const fs::path path = folder_ / "journal";
    writer_.reset();
    fs::rename(path, path.string() + "." + std::to_string(now_ms()), error);
    base_.reset();
    if (Result<JournalWriter> fresh = JournalWriter::open(path, 0))
      writer_.emplace(*std::move(fresh));
    return;
  }
  history_ = std::move(content.history);
  const Text base(*bytes);
  const Text latest = history_.travel(base, content.base->state, last).text;
  if (latest == text_) {
    saved_state_ = last;
    return;
  }
  const Text on_disk = text_;
  saved_state_ = content.last_saved->state;
  saved_text_ = history_.travel(base, content.base->state, saved_state_).text;
  const bool has_unsaved = !(latest == saved_text_);
  move(saved_state_, saved_text_);
  change_to(on_disk);
  saved_state_ = history_.current();
  saved_text_ = on_disk;
  if (has_unsaved) offer_recovery(last, latest);
}

void Document::offer_recovery(std::size_t state, const Text& text) {
  const std::size_t common = history_.common_ancestor(saved_state_, state);
  recovery_state_ = state;
  recovery_ = Recovery{
      text, history_.step(state).time_ms,
      static_cast<std::ptrdiff_t>(text.n_words()) - static_cast<std::ptrdiff_t>(text_.n_words()),
      common != saved_state_ && common != state};
}

// --- recovery ----------------------------------------------------------------------------

void Document::take_recovery() {
  if (!recovery_) return;
  const Text text = recovery_->text;
  recovery_.reset();
  move(recovery_state_, text);
}

std::size_t Document::merge_recovery() {
  if (!recovery_) return 0;
  const Text on_disk = text_;
  const std::size_t base_state = history_.common_ancestor(saved_state_, recovery_state_);
  const Text base = history_.travel(on_disk, saved_state_, base_state).text;
  take_recovery();
  const Merge merged = merge(base, text_, on_disk);
  change_to(merged.text);
  return merged.n_conflicts;
}

void Document::leave_recovery() {
  if (!recovery_) return;
  recovery_.reset();
  move(saved_state_, saved_text_);
}

// --- changing ----------------------------------------------------------------------------

void Document::append(const Record& record) {
  if (writer_) writer_->append(record);
}

void Document::record(Edit edit, std::size_t caret_before, std::size_t caret_after, bool joins) {
  const bool does_join = joins && history_.can_join();
  const std::int64_t time = now_ms();
  append(EditRecord{does_join, time, caret_before, caret_after, edit});
  text_ = apply(text_, edit);
  history_.record(std::move(edit), caret_before, caret_after, time, does_join);
  ++revision_;
}

void Document::edit(std::size_t offset, std::size_t length, std::string_view bytes,
                    std::size_t caret_before, std::size_t caret_after, bool joins) {
  assert(offset + length <= text_.size());
  if (is_read_only_ || (length == 0 && bytes.empty())) return;
  leave_recovery();
  ensure_base();
  record(Edit{offset, text_.substr(offset, length), std::string(bytes)}, caret_before, caret_after,
         joins);
}

void Document::change_to(const Text& text) {
  if (text == text_) return;
  Edit edit = difference(text_, text);
  const std::size_t at = edit.offset;
  record(std::move(edit), at, at, false);
  history_.seal();
}

std::optional<std::size_t> Document::go(std::optional<std::size_t> state) {
  if (!state || is_read_only_) return std::nullopt;
  leave_recovery();
  ensure_base();
  const History::Travel to = history_.travel(text_, history_.current(), *state);
  move(*state, to.text);
  return to.caret;
}

void Document::move(std::size_t state, const Text& text) {
  history_.move_to(state);
  append(MoveRecord{state});
  text_ = text;
  ++revision_;
}

void Document::discard_changes() {
  if (is_read_only_ || !is_modified()) return;
  move(saved_state_, saved_text_);
}

/// The text that the journal's first edit of this session is made on, for the day when the file
/// is changed by others before what was typed here is saved.
void Document::ensure_base() {
  if (!writer_ || base_writing_.valid()) return;
  const BaseRecord base{saved_state_, hash_of(saved_text_)};
  if (base_ && base_->state == base.state && base_->hash == base.hash) return;
  base_ = base;
  base_writing_ = std::async(std::launch::async, [this, base, text = saved_text_] {
    if (replace_file(folder_ / "base", text)) writer_->append(base);
  });
}

// --- the file ----------------------------------------------------------------------------

void Document::mark_saved(const FileStamp& stamp) {
  history_.seal();
  saved_text_ = text_;
  saved_state_ = history_.current();
  stamp_ = stamp;
  ++revision_;
  append(SavedRecord{saved_state_, hash_of(text_), text_.size()});
}

Status Document::save() {
  if (is_read_only_) return Error{ErrorCode::kIo, read_only_reason_};
  if (disk_state() == DiskState::kChanged) {
    return Error{ErrorCode::kBusy, "another program has changed the file"};
  }
  const Result<FileStamp> saved =
      save_document(path_, text_, {ending_, keeps_backup_}, folder_ / "safety");
  if (!saved) return saved.error();
  keeps_backup_ = false;
  mark_saved(*saved);
  return {};
}

Status Document::save_as(const fs::path& path) {
  const fs::path folder = document_folder(state_folder_, path);
  if (folder == folder_) return save();
  Status journaled = make_private_folder(folder);
  Result<DocumentLock> lock = journaled ? DocumentLock::take(folder) : journaled.error();
  if (!lock && lock.error().code == ErrorCode::kBusy) return lock.error();
  const Result<FileStamp> saved = save_document(path, text_, {ending_, true}, folder / "safety");
  if (!saved) return saved.error();
  if (base_writing_.valid()) base_writing_.wait();
  base_writing_ = {};
  base_.reset();
  writer_.reset();
  path_ = path;
  folder_ = folder;
  is_read_only_ = false;
  read_only_reason_.clear();
  no_journal_because_ = lock ? "" : lock.error().message;
  lock_.reset();
  if (lock) {
    lock_ = *std::move(lock);
    JournalContent content;
    content.history = history_;
    content.words = word_log_;
    const fs::path journal = folder_ / "journal";
    std::error_code error;
    if (fs::exists(journal, error)) {
      fs::rename(journal, journal.string() + "." + std::to_string(now_ms()), error);
    }
    const std::string bytes = compact(content);
    Status written = replace_file(journal, Text(bytes));
    Result<JournalWriter> writer =
        written ? JournalWriter::open(journal, bytes.size()) : written.error();
    if (writer) {
      writer_.emplace(*std::move(writer));
    } else {
      no_journal_because_ = writer.error().message;
    }
  }
  mark_saved(*saved);
  return {};
}

DiskState Document::disk_state() {
  const FileStamp now = stamp_of(path_);
  if (now == stamp_) return DiskState::kSame;
  if (!now.exists) return DiskState::kGone;
  const Result<FileImage> image = read_document(path_);
  if (image && image->text == saved_text_) {
    stamp_ = image->stamp;
    return DiskState::kSame;
  }
  return DiskState::kChanged;
}

Status Document::reload() {
  const Result<FileImage> image = read_document(path_);
  if (!image) return image.error();
  leave_recovery();
  ensure_base();
  change_to(image->text);
  ending_ = image->ending;
  mark_saved(image->stamp);
  return {};
}

/// Notes the disk's text as a state of its own, beside the present one.
void Document::add_disk_state(const FileImage& image) {
  const Text mine = text_;
  const std::size_t state = history_.current();
  move(saved_state_, saved_text_);
  change_to(image.text);
  mark_saved(image.stamp);
  move(state, mine);
}

Result<std::size_t> Document::merge_from_disk() {
  const Result<FileImage> image = read_document(path_);
  if (!image) return image.error();
  leave_recovery();
  ensure_base();
  const Merge merged = merge(saved_text_, text_, image->text);
  add_disk_state(*image);
  change_to(merged.text);
  return merged.n_conflicts;
}

void Document::ignore_disk_change() {
  stamp_ = stamp_of(path_);
}

// --- the journal -------------------------------------------------------------------------

std::string Document::journal_problem() const {
  if (!writer_) return no_journal_because_;
  return writer_->problem();
}

Status Document::flush() {
  if (base_writing_.valid()) base_writing_.wait();
  return writer_ ? writer_->flush() : Status();
}

void Document::note_words(std::int64_t now) {
  const std::uint64_t words = text_.n_words();
  if (!word_log_.empty() && word_log_.back().words == words) return;
  word_log_.push_back({now, words});
  append(word_log_.back());
}

void Document::note_caret(std::size_t caret) {
  append(CaretRecord{caret});
}

}  // namespace understory::tui
