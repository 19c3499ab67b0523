#include "protocol/codec.h"

#include <span>

#include "protocol/codec_templates.h"
#include "protocol/frame.h"

namespace understory::protocol {

namespace {

using Frame = std::shared_ptr<const msgpack::object_handle>;

Value value_of(const Frame& frame, const Object& object) {
  return Value(std::make_shared<const Value::Rep>(Value::Rep{frame, object}));
}

std::optional<std::uint32_t> as_id(const Object& o) {
  std::uint32_t id = 0;
  if (o.type != msgpack::type::POSITIVE_INTEGER || !read_unsigned(o, id)) return std::nullopt;
  return id;
}

// Params are an array that holds one map; clients without arguments may leave the map out.
std::optional<Value> params_of(const Frame& frame, const Object& params) {
  if (params.type != msgpack::type::ARRAY || params.via.array.size > 1) return std::nullopt;
  if (params.via.array.size == 0) return value_of(frame, params);
  const Object& only = params.via.array.ptr[0];
  if (!is_map(only)) return std::nullopt;
  return value_of(frame, only);
}

std::nullopt_t reject(FrameError& problem, std::string what, std::optional<std::uint32_t> request,
                      ErrorCode code = ErrorCode::kProtocol) {
  problem = {{code, std::move(what)}, request, code == ErrorCode::kProtocol};
  return std::nullopt;
}

Error error_of(const Object& o) {
  Failure failure;
  if (o.type == msgpack::type::MAP && read_value(o, failure).empty()) return to_error(failure);
  const std::optional<std::string_view> text = as_text(o);
  return {ErrorCode::kInternal, text ? std::string(*text) : "an error of unknown form"};
}

std::optional<Message> parse_call(const Frame& frame, std::span<const Object> parts,
                                  FrameError& problem) {
  Message m;
  std::optional<std::uint32_t> id;
  m.kind = parts.size() == 4 ? Message::Kind::kRequest : Message::Kind::kNotification;
  if (m.kind == Message::Kind::kRequest) {
    id = as_id(parts[1]);
    if (!id) return reject(problem, "a request's id must be a number from 0 to 4294967295", {});
    m.id = *id;
  }
  const std::optional<std::string_view> method = as_text(parts[parts.size() - 2]);
  if (!method) return reject(problem, "a method's name must be a string", id);
  m.method = *method;
  std::optional<Value> params = params_of(frame, parts.back());
  if (!params && id) {
    return reject(problem, "the params of '" + m.method + "' must be an array holding one map", id,
                  ErrorCode::kInvalidArgument);
  }
  // A foreign notification (Neovim sends some) is the receiver's to ignore.
  if (params) m.params = *std::move(params);
  return m;
}

std::optional<Message> parse_response(const Frame& frame, std::span<const Object> parts,
                                      FrameError& problem) {
  const std::optional<std::uint32_t> id = as_id(parts[1]);
  if (!id) return reject(problem, "a response's id must be a number from 0 to 4294967295", {});
  Message m;
  m.kind = Message::Kind::kResponse;
  m.id = *id;
  m.failed = parts[2].type != msgpack::type::NIL;
  if (m.failed) {
    m.error = error_of(parts[2]);
  } else {
    m.result = value_of(frame, parts[3]);
  }
  return m;
}

Frame unpack(std::string_view bytes) {
  const msgpack::unpack_limit limit(kAnswerLimits.max_values, kAnswerLimits.max_values,
                                    kAnswerLimits.max_bytes, kAnswerLimits.max_bytes,
                                    kAnswerLimits.max_bytes, kMaxNesting);
  return std::make_shared<const msgpack::object_handle>(
      msgpack::unpack(bytes.data(), bytes.size(), nullptr, nullptr, limit));
}

}  // namespace

std::optional<Message> parse_message(std::string_view bytes, FrameError& problem) {
  Frame frame;
  try {
    frame = unpack(bytes);
  } catch (const std::exception&) {  // msgpack's own family
    return reject(problem, "not MessagePack", {});
  }
  const Object& top = frame->get();
  if (top.type != msgpack::type::ARRAY) return reject(problem, "a message must be an array", {});
  const std::span<const Object> parts(top.via.array.ptr, top.via.array.size);
  const std::optional<std::uint32_t> type = parts.empty() ? std::nullopt : as_id(parts[0]);
  if (type == 0u && parts.size() == 4) return parse_call(frame, parts, problem);
  if (type == 1u && parts.size() == 4) return parse_response(frame, parts, problem);
  if (type == 2u && parts.size() == 3) return parse_call(frame, parts, problem);
  return reject(problem,
                "a message must be [0, id, method, params], [1, id, error, result] or "
                "[2, method, params]",
                type == 0u && parts.size() > 1 ? as_id(parts[1]) : std::nullopt);
}

std::optional<std::uint32_t> request_number(const Value& map) {
  const Result<CancelParams> number = decode<CancelParams>(map);
  return number.ok() ? std::optional(number->request) : std::nullopt;
}

std::string encode_error(std::uint32_t id, const Error& error) {
  msgpack::sbuffer buffer;
  Packer out(buffer);
  out.pack_array(4).pack(1).pack(id);
  pack_value(out, to_failure(error));
  out.pack_nil();
  return bytes_of(buffer);
}

std::string encode_error_for_neovim(std::uint32_t id, const Error& error) {
  msgpack::sbuffer buffer;
  Packer out(buffer);
  out.pack_array(4).pack(1).pack(id);
  out.pack_array(2).pack(0);
  pack_value(out, std::string(to_string(error.code)) + ": " + error.message);
  out.pack_nil();
  return bytes_of(buffer);
}

Failure to_failure(const Error& error) {
  return {std::string(to_string(error.code)), error.message};
}

Error to_error(const Failure& failure) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    if (to_string(code) == failure.code) return {code, failure.message};
  }
  return {ErrorCode::kInternal, failure.code + ": " + failure.message};
}

#define UNDERSTORY_METHOD(Params) \
  UNDERSTORY_PARAMS(Params)       \
  UNDERSTORY_RESULT(Params::Result)

UNDERSTORY_METHOD(HelloParams)
UNDERSTORY_METHOD(CompleteParams)
UNDERSTORY_METHOD(CancelParams)
UNDERSTORY_METHOD(RankParams)
UNDERSTORY_METHOD(ScoreParams)
UNDERSTORY_METHOD(TokenizeParams)
UNDERSTORY_METHOD(DetokenizeParams)
UNDERSTORY_METHOD(StatusParams)
UNDERSTORY_METHOD(ShutdownParams)
#undef UNDERSTORY_METHOD

UNDERSTORY_NOTICE(ChunkNotice)
UNDERSTORY_NOTICE(ProgressNotice)

}  // namespace understory::protocol
