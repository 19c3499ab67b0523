// A client of the daemon. Blocking use: connect(), then call(). From a poll() loop: send() with
// a callback, poll fd() for reading (and for writing while wants_write()), and pump
// on_readable() and on_writable().
//
// One thread at a time. Callbacks run inside call(), on_readable() and wait(), and may send()
// but not call().
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

#include "base/result.h"
#include "protocol/codec.h"
#include "protocol/story_messages.h"

namespace understory::protocol {

class Client {
 public:
  /// Waits forever.
  static constexpr int kNoTimeout = -1;

  /// kUnavailable: nobody listens there (the message says so), or the timeout passed.
  static Result<Client> connect(const std::filesystem::path& socket, int timeout_ms = 2000);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();  // closes the connection; the daemon cancels what it still works on

  /// Sends a request and waits for its answer, running the callbacks of whatever else arrives.
  /// The daemon's error, or kUnavailable (connection lost, timeout; the request is then
  /// forgotten, not cancelled), kProtocol.
  template <class Params>
  Result<typename Params::Result> call(const Params& params, int timeout_ms = kNoTimeout) {
    std::shared_ptr<std::optional<Result<typename Params::Result>>> answer =
        std::make_shared<std::optional<Result<typename Params::Result>>>();
    Result<std::uint32_t> id = send(
        params, [answer](Result<typename Params::Result> r) { answer->emplace(std::move(r)); });
    if (!id) return id.error();
    Status status = wait_until([&] { return answer->has_value(); }, timeout_ms);
    if (!answer->has_value()) {
      forget(*id);
      return status.ok() ? Error{ErrorCode::kUnavailable, "the connection was lost"}
                         : status.error();
    }
    return std::move(**answer);
  }

  /// Sends a request; `on_answer` comes once, also where the connection is lost (kUnavailable).
  /// The id is what `chunk` notices and CancelParams call `request`. kUnavailable where the
  /// connection is lost already; on_answer is then never called.
  template <class Params>
  Result<std::uint32_t> send(const Params& params,
                             std::function<void(Result<typename Params::Result>)> on_answer) {
    const std::uint32_t id = next_id();
    return start(id, encode_request(id, params),
                 [on_answer = std::move(on_answer)](Result<Value> result) {
                   if (!on_answer) return;
                   on_answer(result ? decode<typename Params::Result>(*result)
                                    : Result<typename Params::Result>(result.error()));
                 });
  }

  void on_chunk(std::function<void(const ChunkNotice&)> callback);
  void on_progress(std::function<void(const ProgressNotice&)> callback);
  void on_story_changed(std::function<void(const StoryChangedNotice&)> callback);

  /// Runs callbacks until done() is true. kUnavailable at the timeout or a lost connection. A
  /// signal (EINTR) makes it look at done() again.
  Status wait_until(const std::function<bool()>& done, int timeout_ms = kNoTimeout);

  /// The socket, non-blocking; -1 once the connection is lost.
  int fd() const;
  bool wants_write() const;
  /// Takes what has arrived and runs its callbacks; never blocks. kUnavailable or kProtocol:
  /// the connection is closed and every open request has been answered so.
  Status on_readable();
  Status on_writable();

 private:
  using OnAnswer = std::function<void(Result<Value>)>;
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::uint32_t next_id();
  Result<std::uint32_t> start(std::uint32_t id, std::string frame, OnAnswer on_answer);
  void forget(std::uint32_t id);

  std::unique_ptr<Impl> impl_;
};

}  // namespace understory::protocol
