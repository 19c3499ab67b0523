#include "daemon/story/library.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/error.h"

namespace understory::story {
namespace {

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

Library::Library() : thread_([this] { run(); }) {}

Library::~Library() {
  finish();
}

void Library::submit(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (finishing_) return;
  queue_.push_back(std::move(work));
  changed_.notify_one();
}

void Library::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Library::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return finishing_ || !queue_.empty(); });
    if (queue_.empty()) break;
    const std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
  stories_.clear();
}

Opened Library::open(ClientId client, const std::filesystem::path& document, bool create,
                     OnChange on_change) {
  Sidecar sidecar = find_sidecar(document).value_or_throw();
  auto found = std::find_if(stories_.begin(), stories_.end(), [&](const auto& entry) {
    return entry.second.sidecar.file == sidecar.file;
  });
  bool created = false;
  if (found == stories_.end()) {
    if (sidecar.exists) {
      check_sidecar(sidecar.file).value_or_throw();
    } else if (create) {
      create_sidecar(sidecar).value_or_throw();
      created = true;
    } else {
      throw ErrorException(
          {ErrorCode::kNotFound, "there is no story beside " + sidecar.document.string()});
    }
    auto story = std::make_unique<Story>(sidecar.file, now_ms);
    found = stories_.emplace(++last_id_, Entry{sidecar, std::move(story), {}}).first;
  }
  found->second.clients[client] = std::move(on_change);
  return {found->first, found->second.story.get(), found->second.sidecar, created};
}

bool Library::has_open(ClientId client, const std::filesystem::path& document) const {
  const Result<Sidecar> sidecar = find_sidecar(document);
  return sidecar && std::any_of(stories_.begin(), stories_.end(), [&](const auto& entry) {
           return entry.second.sidecar.file == sidecar->file &&
                  entry.second.clients.contains(client);
         });
}

Story& Library::get(ClientId client, StoryId id) {
  const auto found = stories_.find(id);
  if (found == stories_.end() || !found->second.clients.contains(client)) {
    throw ErrorException(
        {ErrorCode::kNotFound,
         "this connection has no story " + std::to_string(id) + " open; call story.open first"});
  }
  return *found->second.story;
}

void Library::close(ClientId client, StoryId id) {
  (void)get(client, id);
  const auto found = stories_.find(id);
  found->second.clients.erase(client);
  if (found->second.clients.empty()) stories_.erase(found);
}

void Library::close_all(ClientId client) {
  for (auto entry = stories_.begin(); entry != stories_.end();) {
    entry->second.clients.erase(client);
    entry = entry->second.clients.empty() ? stories_.erase(entry) : std::next(entry);
  }
}

void Library::announce(ClientId author, StoryId id, const Done& done) {
  if (done.kind.empty()) return;
  for (const auto& [client, on_change] : stories_.at(id).clients) {
    if (client != author) on_change(id, done);
  }
}

}  // namespace understory::story
