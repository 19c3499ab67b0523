// The connection to the daemon, in a thread of its own so that nothing there ever delays a key.
//
// Requests go in from the app's thread; answers come back as callbacks that the app runs when
// fd() becomes readable. The link connects again whenever the daemon comes back, and starts one
// at the beginning where it may.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "protocol/client.h"

namespace understory::tui {

struct LinkOptions {
  std::filesystem::path socket;
  /// What starts a daemon and ends when it is ready, its last line on stderr saying why not:
  /// program and arguments. Empty: no daemon is started.
  std::vector<std::string> start_command;
};

struct LinkState {
  enum class Kind { kConnecting, kStarting, kLoading, kReady, kAbsent };
  Kind kind = Kind::kConnecting;
  std::string reason;  // why there is none
  float progress = 0;  // of loading
  std::string model;
  std::string device;
};

class DaemonLink {
 public:
  using Ticket = std::uint64_t;

  explicit DaemonLink(LinkOptions options);
  DaemonLink(const DaemonLink&) = delete;
  DaemonLink& operator=(const DaemonLink&) = delete;
  ~DaemonLink();

  int fd() const;
  /// Runs what has arrived, on the caller's thread.
  void run_callbacks();
  LinkState state() const;
  /// Called (from run_callbacks) when state() has changed.
  std::function<void()> on_state;

  /// Starts a daemon where none runs, at the writer's wish.
  void start_daemon();

  template <class Params>
  Ticket call(Params params, std::function<void(Result<typename Params::Result>)> on_answer,
              std::function<void(const protocol::ChunkNotice&)> on_chunk = {}) {
    using Answer = Result<typename Params::Result>;
    return enqueue(
        [this, params = std::move(params), on_answer = std::move(on_answer)](
            protocol::Client* client, const Done& done) {
          const auto deliver = [this, on_answer, done](Answer answer) {
            done();
            post([on_answer, answer = std::move(answer)] { on_answer(answer); });
          };
          if (client == nullptr) {
            deliver(Error{ErrorCode::kUnavailable, "there is no daemon"});
            return std::uint32_t{0};
          }
          const Result<std::uint32_t> id = client->send(params, deliver);
          if (!id) deliver(id.error());
          return id ? *id : std::uint32_t{0};
        },
        std::move(on_chunk));
  }

  /// Stops a request; its answer still comes, its chunks do not.
  void cancel(Ticket ticket);

 private:
  using Done = std::function<void()>;
  /// Sends a request and gives its id on the wire; 0: not sent, already answered.
  using Send = std::function<std::uint32_t(protocol::Client*, const Done&)>;
  struct State;
  Ticket enqueue(Send send, std::function<void(const protocol::ChunkNotice&)> on_chunk);
  void post(std::function<void()> callback);

  std::unique_ptr<State> state_;
};

}  // namespace understory::tui
