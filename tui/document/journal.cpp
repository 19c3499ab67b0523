#include "tui/document/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "tui/document/file_bytes.h"

namespace understory::tui {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kRetry = std::chrono::milliseconds(500);

struct Replayer {
  JournalContent& content;
  bool operator()(const EditRecord& r) const {
    content.history.record(r.edit, r.caret_before, r.caret_after, r.time_ms, r.joins);
    return true;
  }
  bool operator()(const MoveRecord& r) const {
    if (r.state >= content.history.n_states()) return false;
    content.history.move_to(r.state);
    return true;
  }
  bool operator()(const SavedRecord& r) const {
    if (r.state >= content.history.n_states()) return false;
    content.last_saved = r;
    content.saved_states[r.hash] = r.state;
    content.history.seal();
    return true;
  }
  bool operator()(const BaseRecord& r) const {
    if (r.state >= content.history.n_states()) return false;
    content.base = r;
    return true;
  }
  bool operator()(const WordsRecord& r) const {
    content.words.push_back(r);
    return true;
  }
  bool operator()(const CaretRecord& r) const {
    content.caret = r.caret;
    return true;
  }
};

}  // namespace

Result<JournalContent> read_journal(const std::filesystem::path& path) {
  JournalContent content;
  Result<std::string> bytes = read_bytes(path);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) return content;
  if (!bytes) return bytes.error();
  if (bytes->compare(0, kJournalMagic.size(), kJournalMagic) != 0) {
    // A crash may have cut the first write short.
    if (kJournalMagic.substr(0, bytes->size()) == *bytes) return content;
    return Error{ErrorCode::kUnsupported, path.string() + " is not a journal of this version"};
  }
  std::string_view left = std::string_view(*bytes).substr(kJournalMagic.size());
  while (!left.empty()) {
    const std::optional<ParsedRecord> parsed = parse_record(left);
    if (!parsed || !std::visit(Replayer{content}, parsed->record)) break;
    left.remove_prefix(parsed->size_bytes);
  }
  content.damaged_bytes = left.size();
  content.good_bytes = bytes->size() - left.size();
  return content;
}

std::string compact(const JournalContent& content) {
  std::string out(kJournalMagic);
  const History& history = content.history;
  for (std::size_t state = 1; state < history.n_states(); ++state) {
    const Step& step = history.step(state);
    if (step.parent != state - 1) out += encode(MoveRecord{step.parent});
    bool joins = false;
    for (const Edit& edit : step.edits) {
      out += encode(EditRecord{joins, step.time_ms, step.caret_before, step.caret_after, edit});
      joins = true;
    }
  }
  out += encode(MoveRecord{history.current()});
  if (content.base) out += encode(*content.base);
  for (const auto& [hash, state] : content.saved_states) {
    if (!content.last_saved || hash != content.last_saved->hash) {
      out += encode(SavedRecord{state, hash, 0});
    }
  }
  if (content.last_saved) out += encode(*content.last_saved);
  for (const WordsRecord& words : content.words) out += encode(words);
  out += encode(CaretRecord{content.caret});
  return out;
}

struct JournalWriter::State {
  int fd = -1;
  std::size_t good_bytes = 0;  // written whole; the thread's alone

  mutable std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable done;
  std::string waiting;       // bytes not yet written
  bool is_unsynced = false;  // written, not yet on the disk
  bool is_flushing = false;  // somebody waits: sync at once
  bool is_ending = false;
  std::string problem;
  std::uint64_t n_begun = 0;  // attempts to write or sync
  std::uint64_t n_ended = 0;
  std::thread thread;

  void run();
  void write_waiting(std::unique_lock<std::mutex>& lock);
  void sync(std::unique_lock<std::mutex>& lock);
};

void JournalWriter::State::run() {
  std::unique_lock<std::mutex> lock(mutex);
  Clock::time_point sync_at{};
  while (true) {
    if (!waiting.empty()) {
      const bool was_synced = !is_unsynced;
      write_waiting(lock);
      if (was_synced && is_unsynced) sync_at = Clock::now() + std::chrono::milliseconds(kSyncMs);
    }
    const bool is_due = is_flushing || is_ending || Clock::now() >= sync_at;
    if (is_unsynced && is_due) sync(lock);
    const bool is_clean = waiting.empty() && !is_unsynced;
    if (is_clean) is_flushing = false;
    done.notify_all();
    if (is_ending && (is_clean || !problem.empty())) return;
    if (is_clean) {
      wake.wait(lock, [&] { return !waiting.empty() || is_ending; });
    } else if (!problem.empty()) {
      wake.wait_for(lock, kRetry, [&] { return is_ending; });
    } else if (waiting.empty()) {
      wake.wait_until(lock, sync_at, [&] { return !waiting.empty() || is_flushing || is_ending; });
    }
  }
}

void JournalWriter::State::write_waiting(std::unique_lock<std::mutex>& lock) {
  std::string bytes = std::move(waiting);
  waiting.clear();
  ++n_begun;
  lock.unlock();
  const Status written = write_at(fd, good_bytes, bytes);
  lock.lock();
  ++n_ended;
  if (written) {
    good_bytes += bytes.size();
    is_unsynced = true;
    problem.clear();
  } else {
    // Half a record must not stay before the next: it is written over at the next try.
    waiting.insert(0, bytes);
    problem = written.error().message;
  }
}

void JournalWriter::State::sync(std::unique_lock<std::mutex>& lock) {
  ++n_begun;
  lock.unlock();
  const int failed = fdatasync(fd) != 0 ? errno : 0;
  lock.lock();
  ++n_ended;
  if (failed == 0 || failed == EINVAL) {  // EINVAL: something that has no disk
    is_unsynced = false;
    if (waiting.empty()) problem.clear();
  } else {
    problem = strerror(failed);
  }
}

Result<JournalWriter> JournalWriter::open(const std::filesystem::path& path,
                                          std::size_t good_bytes) {
  auto state = std::make_unique<State>();
  state->fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (state->fd < 0) {
    return Error{ErrorCode::kIo, "cannot write " + path.string() + ": " + strerror(errno)};
  }
  if (ftruncate(state->fd, static_cast<off_t>(good_bytes)) != 0) {
    const std::string why = strerror(errno);
    close(state->fd);
    return Error{ErrorCode::kIo, "cannot write " + path.string() + ": " + why};
  }
  state->good_bytes = good_bytes;
  if (good_bytes == 0) state->waiting = kJournalMagic;
  state->thread = std::thread([s = state.get()] { s->run(); });
  return JournalWriter(std::move(state));
}

JournalWriter::JournalWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
JournalWriter::JournalWriter(JournalWriter&&) noexcept = default;
JournalWriter& JournalWriter::operator=(JournalWriter&&) noexcept = default;

JournalWriter::~JournalWriter() {
  if (!state_) return;
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->is_ending = true;
  }
  state_->wake.notify_all();
  state_->thread.join();
  close(state_->fd);
}

void JournalWriter::append(const Record& record) {
  const std::string bytes = encode(record);
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->waiting += bytes;
  }
  state_->wake.notify_all();
}

Status JournalWriter::flush(int timeout_ms) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->is_flushing = true;
  // One that is under way may have begun before there was room again.
  const std::uint64_t before = state_->n_begun;
  state_->wake.notify_all();
  const bool is_done = state_->done.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] {
    const bool is_clean = state_->waiting.empty() && !state_->is_unsynced;
    return is_clean || (!state_->problem.empty() && state_->n_ended > before);
  });
  if (!state_->problem.empty()) return Error{ErrorCode::kIo, state_->problem};
  if (!is_done) return Error{ErrorCode::kIo, "the disk does not answer"};
  return {};
}

std::string JournalWriter::problem() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->problem;
}

int JournalWriter::fd() const {
  return state_ ? state_->fd : -1;
}

}  // namespace understory::tui
