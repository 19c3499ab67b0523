// The stories that are open, and the one thread that works on them, so that nothing here holds up
// the sockets. A story stays open while a client has it.
//
// submit() from any thread; everything else inside submitted work alone.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "daemon/story/sidecar.h"
#include "daemon/story/story.h"

namespace understory::story {

using ClientId = std::uint64_t;
using StoryId = std::uint32_t;

struct Opened {
  StoryId id = 0;
  Story* story = nullptr;
  Sidecar sidecar;
  bool created = false;
};

class Library {
 public:
  /// Told what another client did to a story.
  using OnChange = std::function<void(StoryId, const Done&)>;

  /// Starts the thread.
  Library();
  /// finish().
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  /// Runs `work`, which must not throw, on the library's thread, in the order of submission.
  /// Dropped after finish().
  void submit(std::function<void()> work);
  /// Waits for what was submitted, closes the stories and ends the thread.
  void finish();

  /// Opens the document's story for the client. Throws ErrorException, kNotFound also where there
  /// is none and `create` is false.
  Opened open(ClientId client, const std::filesystem::path& document, bool create,
              OnChange on_change);
  bool has_open(ClientId client, const std::filesystem::path& document) const;
  /// Throws ErrorException (kNotFound) where the client has not opened it.
  Story& get(ClientId client, StoryId id);
  const Sidecar& sidecar_of(StoryId id) const { return stories_.at(id).sidecar; }
  void close(ClientId client, StoryId id);
  /// The client has gone.
  void close_all(ClientId client);
  /// Tells all clients of the story but `author`.
  void announce(ClientId author, StoryId id, const Done& done);

 private:
  struct Entry {
    Sidecar sidecar;
    std::unique_ptr<Story> story;
    std::map<ClientId, OnChange> clients;
  };
  void run();

  std::map<StoryId, Entry> stories_;
  StoryId last_id_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool finishing_ = false;
  std::thread thread_;
};

}  // namespace understory::story
