#include "daemon/requests/connection.h"

#include <spdlog/spdlog.h>

#include "daemon/requests/registry.h"
#include "protocol/frame.h"

namespace understory::requests {

Call::Call(std::weak_ptr<Connection> connection, Style style, std::uint32_t number,
           protocol::Message message)
    : connection_(std::move(connection)),
      style_(style),
      number_(number),
      message_(std::move(message)) {
  if (const auto c = connection_.lock()) port_ = c->port();
}

void Call::fail(const Error& error) {
  const std::shared_ptr<Connection> connection = connection_.lock();
  if (!connection) return;
  if (style_ == Style::kRequest) {
    answer(connection->encode_error(number_, error));
  } else {
    answer(protocol::encode_notification(
        protocol::DoneNotice<protocol::CancelResult>{number_, std::nullopt,
                                                     protocol::to_failure(error)},
        connection->notify_lua()));
  }
}

void Call::notify(const protocol::ChunkNotice& chunk) {
  const std::shared_ptr<Connection> connection = connection_.lock();
  if (!connection || answered_) return;
  connection->send(protocol::encode_notification(chunk, connection->notify_lua()));
}

void Call::post(std::function<void()> work) const {
  if (const std::shared_ptr<Port> port = port_.lock()) port->post(std::move(work));
}

void Call::answer(std::string frame) {
  if (std::exchange(answered_, true)) return;
  const std::shared_ptr<Connection> connection = connection_.lock();
  if (!connection) return;
  connection->forget(*this);
  if (style_ == Style::kUnanswered) return;
  if (frame.size() > protocol::kAnswerLimits.max_bytes) {
    answered_ = false;
    return fail({ErrorCode::kInvalidArgument,
                 "the answer would have " + std::to_string(frame.size()) +
                     " bytes, more than a message may have; ask about a shorter text, or for a "
                     "smaller 'top'"});
  }
  connection->send(std::move(frame));
}

Connection::Connection(Services& services, engine::ClientId id, std::weak_ptr<Port> port)
    : services_(services), id_(id), port_(std::move(port)) {}

bool Connection::on_frame(std::string_view frame) {
  protocol::FrameError problem;
  std::optional<protocol::Message> message = protocol::parse_message(frame, problem);
  if (!message) {
    if (problem.fatal) {
      on_broken_stream(problem.error, problem.request);
    } else if (problem.request) {
      send(encode_error(*problem.request, problem.error));
    }
    return !problem.fatal;
  }
  // Responses answer nothing that we asked.
  if (message->kind == protocol::Message::Kind::kResponse) return true;
  if (const std::shared_ptr<Call> call = open(*std::move(message))) dispatch(services_, call);
  return true;
}

void Connection::on_broken_stream(const Error& error, std::optional<std::uint32_t> request) {
  spdlog::warn("{} sent what is no message, closing its connection: {}", client_, error.message);
  if (request) send(encode_error(*request, error));
}

// Null where the message is refused, which it has then been told, or to be ignored.
std::shared_ptr<Call> Connection::open(protocol::Message message) {
  Call::Style style = Call::Style::kRequest;
  std::uint32_t number = message.id;
  const Method* method = find_method(message.method);
  if (message.kind == protocol::Message::Kind::kNotification) {
    if (method == nullptr) return nullptr;
    const std::optional<std::uint32_t> given =
        method->names_other_request ? std::nullopt : protocol::request_number(message.params);
    if (!given && !method->works_unanswered) return nullptr;
    style = given ? Call::Style::kNotification : Call::Style::kUnanswered;
    number = given.value_or(0);
  }
  auto call = std::make_shared<Call>(weak_from_this(), style, number, std::move(message));
  if (style == Call::Style::kUnanswered) return call;
  if (open_.contains({style, number})) {
    // The number still belongs to the older call, which stays as it is.
    const Error error{ErrorCode::kInvalidArgument,
                      "request " + std::to_string(number) + " is still open; use another number"};
    Call(weak_from_this(), style, number, {}).fail(error);
    return nullptr;
  }
  // What answers at once (cancel above all) always passes.
  if (open_.size() >= kMaxOpenCalls && method != nullptr &&
      (method->needs_model || method->waits)) {
    call->fail({ErrorCode::kBusy, "this connection has " + std::to_string(open_.size()) +
                                      " open requests; wait for some to end"});
    return nullptr;
  }
  open_.emplace(Key{style, number}, call);
  return call;
}

void Connection::on_close() {
  open_.clear();
  services_.stories->submit([library = services_.stories, id = id_] { library->close_all(id); });
  if (const auto loaded = services_.resident->snapshot().loaded) {
    if (loaded->engine) loaded->engine->cancel_all_of(id_);
  }
}

void Connection::on_progress(const protocol::ProgressNotice& progress) {
  if (wants_progress_) send(protocol::encode_notification(progress, notify_lua_));
}

void Connection::notify(const protocol::StoryChangedNotice& notice) {
  send(protocol::encode_notification(notice, notify_lua_));
}

void Connection::introduce(const protocol::HelloParams& hello) {
  if (!hello.client.empty()) client_ = hello.client;
  notify_lua_ = hello.notify_lua;
  wants_progress_ = hello.progress;
}

std::string Connection::encode_error(std::uint32_t id, const Error& error) const {
  return notify_lua_.empty() ? protocol::encode_error(id, error)
                             : protocol::encode_error_for_neovim(id, error);
}

bool Connection::cancel(std::uint32_t number) {
  const auto loaded = services_.resident->snapshot().loaded;
  if (!loaded || !loaded->engine) return false;
  bool cancelled = false;
  for (const Call::Style style : {Call::Style::kRequest, Call::Style::kNotification}) {
    const auto found = open_.find({style, number});
    if (found == open_.end() || !found->second->engine_request) continue;
    cancelled |= loaded->engine->cancel(*found->second->engine_request);
  }
  return cancelled;
}

void Connection::send(std::string frame) {
  if (const std::shared_ptr<Port> port = port_.lock()) port->send(std::move(frame));
}

void Connection::forget(const Call& call) {
  const auto found = open_.find({call.style(), call.number()});
  if (found != open_.end() && found->second.get() == &call) open_.erase(found);
}

}  // namespace understory::requests
