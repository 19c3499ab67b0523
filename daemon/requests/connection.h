// One client's connection as the requests see it: turns frames into calls, keeps those that are
// not answered yet, and knows what the client said in hello. No sockets here: a Port carries
// the bytes (server/session.h).
//
// Everything runs on the port's strand, unless it says otherwise.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "daemon/engine/engine.h"
#include "daemon/requests/services.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "protocol/story_messages.h"

namespace understory::requests {

inline constexpr std::uint32_t kMaxOpenCalls = 64;  // of one connection

/// The way to the client's socket.
class Port {
 public:
  virtual ~Port() = default;
  virtual void send(std::string frame) = 0;
  /// Runs `work` on the strand later; dropped where the port has gone. Any thread.
  virtual void post(std::function<void()> work) = 0;
};

class Connection;

/// One request on its way to an answer, which it gets exactly once.
class Call {
 public:
  /// How the client asked, and so how it is answered.
  enum class Style { kRequest, kNotification, kUnanswered };

  Call(std::weak_ptr<Connection> connection, Style style, std::uint32_t number,
       protocol::Message message);

  const std::string& method() const { return message_.method; }
  Style style() const { return style_; }
  std::uint32_t number() const { return number_; }

  /// The params, or throws ErrorException (kInvalidArgument).
  template <class Params>
  Params params() const {
    return protocol::decode<Params>(message_.params).value_or_throw();
  }

  /// Null once the connection has closed.
  std::shared_ptr<Connection> connection() const { return connection_.lock(); }

  /// Answers; later answers are dropped.
  template <class ResultType>
  void finish(const ResultType& result);
  /// As finish, with the response already encoded (Style::kRequest alone).
  void finish_encoded(std::string response) { answer(std::move(response)); }
  /// As finish. For a DoneNotice any result type will do, as it has none.
  void fail(const Error& error);

  void notify(const protocol::ChunkNotice& chunk);

  /// Runs `work` on the strand, unless the connection has closed. Any thread.
  void post(std::function<void()> work) const;

  /// The engine's name for this call, for `cancel`.
  std::optional<engine::RequestId> engine_request;

 private:
  void answer(std::string frame);

  std::weak_ptr<Connection> connection_;
  std::weak_ptr<Port> port_;
  Style style_;
  std::uint32_t number_;
  protocol::Message message_;
  bool answered_ = false;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Services& services, engine::ClientId id, std::weak_ptr<Port> port);

  /// One whole frame. False: answer what is queued, then close.
  [[nodiscard]] bool on_frame(std::string_view frame);
  /// The stream broke inside a frame, of which request `request` was the head.
  void on_broken_stream(const Error& error, std::optional<std::uint32_t> request);
  /// The client has gone: cancels its work.
  void on_close();

  void on_progress(const protocol::ProgressNotice& progress);

  void notify(const protocol::StoryChangedNotice& notice);

  engine::ClientId id() const { return id_; }
  Services& services() const { return services_; }
  const std::weak_ptr<Port>& port() const { return port_; }

  /// hello.
  void introduce(const protocol::HelloParams& hello);
  const std::string& notify_lua() const { return notify_lua_; }
  /// An error response in the form that this client reads.
  std::string encode_error(std::uint32_t id, const Error& error) const;

  /// Cancels the open call(s) of that number; false where there is none at the engine.
  bool cancel(std::uint32_t number);

  void send(std::string frame);
  void forget(const Call& call);

 private:
  using Key = std::pair<Call::Style, std::uint32_t>;
  std::shared_ptr<Call> open(protocol::Message message);

  Services& services_;
  engine::ClientId id_;
  std::weak_ptr<Port> port_;
  std::map<Key, std::shared_ptr<Call>> open_;
  std::string client_ = "a client";
  std::string notify_lua_;
  bool wants_progress_ = false;
};

template <class ResultType>
void Call::finish(const ResultType& result) {
  const std::shared_ptr<Connection> connection = connection_.lock();
  if (!connection) return;
  if (style_ == Style::kRequest) {
    answer(protocol::encode_response(number_, result));
  } else {
    answer(protocol::encode_notification(
        protocol::DoneNotice<ResultType>{number_, result, std::nullopt}, connection->notify_lua()));
  }
}

}  // namespace understory::requests
