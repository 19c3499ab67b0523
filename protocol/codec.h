// Messages to MessagePack-RPC frames and back. Bytes from the wire are untrusted: whatever they
// are, the answer is a value or an Error.
//
//   request       [0, id, method, [params]]
//   response      [1, id, error | nil, result | nil]
//   notification  [2, method, [params]]
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/messages.h"

namespace understory::protocol {

/// A decoded MessagePack value; cheap to copy, immutable.
class Value {
 public:
  struct Rep;
  Value() = default;
  explicit Value(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}
  const Rep* rep() const { return rep_.get(); }  // null: no value

 private:
  std::shared_ptr<const Rep> rep_;
};

struct Message {
  enum class Kind { kRequest, kResponse, kNotification };
  Kind kind = Kind::kRequest;
  std::uint32_t id = 0;  // requests and responses
  std::string method;    // requests and notifications
  Value params;          // the map of a request or notification; empty map where there was none
  bool failed = false;   // responses: `error` holds, else `result` does
  Error error;
  Value result;
};

/// What is wrong with a frame, and which request it was where that much could be read.
struct FrameError {
  Error error;
  std::optional<std::uint32_t> request;
  bool fatal = true;  // false: only this message is bad; the stream may go on
};

/// One whole frame (see FrameSplitter). Fills `problem` and returns nullopt where it is not a
/// message.
std::optional<Message> parse_message(std::string_view frame, FrameError& problem);

/// The map of a request, result or notification. kInvalidArgument naming the key where a type
/// or range does not fit or a required key is missing; unknown keys are ignored. T is any
/// message struct of messages.h.
template <class T>
Result<T> decode(const Value& map);

/// A notification's `request` number (see PROTOCOL.md, "Requests as notifications"); nullopt
/// where there is none or it is not a number.
std::optional<std::uint32_t> request_number(const Value& map);

template <class Params>
std::string encode_request(std::uint32_t id, const Params& params);

/// As encode_request, but as a notification whose answer comes as a `done` notification. A
/// CancelParams names its target with that key instead, and gets no answer.
template <class Params>
std::string encode_request_notification(std::uint32_t request, const Params& params);

template <class ResultType>
std::string encode_response(std::uint32_t id, const ResultType& result);
std::string encode_error(std::uint32_t id, const Error& error);
/// The form that Neovim's rpcrequest can show: [0, "code: message"].
std::string encode_error_for_neovim(std::uint32_t id, const Error& error);

/// With `notify_lua` (HelloParams) the notification is a call of nvim_exec_lua:
/// [2, "nvim_exec_lua", [notify_lua, [method, map]]].
template <class Notice>
std::string encode_notification(const Notice& notice, std::string_view notify_lua = {});

Failure to_failure(const Error& error);
/// An unknown code becomes kInternal, with the code kept in the message.
Error to_error(const Failure& failure);

}  // namespace understory::protocol
