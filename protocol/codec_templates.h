// Private to codec.cpp and codec_story.cpp: the templates of codec.h, and macros that instantiate
// them for a message.
#pragma once

#include <memory>
#include <string>

#include "protocol/codec.h"
#include "protocol/packing.h"
#include "protocol/unpacking.h"

namespace understory::protocol {

// Keeps the decoded frame's memory alive for the objects inside it.
struct Value::Rep {
  std::shared_ptr<const msgpack::object_handle> frame;
  Object object;
};

inline std::string bytes_of(const msgpack::sbuffer& buffer) {
  return {buffer.data(), buffer.size()};
}

template <class T>
Result<T> decode(const Value& map) {
  if (map.rep() == nullptr || !is_map(map.rep()->object)) {
    return Error{ErrorCode::kInvalidArgument, "a map is missing"};
  }
  T message{};
  FieldReader fields(map.rep()->object);
  visit_fields(fields, message);
  if (!fields.problem().empty()) return Error{ErrorCode::kInvalidArgument, fields.problem()};
  return message;
}

template <class Params>
std::string encode_request(std::uint32_t id, const Params& params) {
  msgpack::sbuffer buffer;
  Packer out(buffer);
  out.pack_array(4).pack(0).pack(id);
  pack_key(out, Params::kMethod);
  out.pack_array(1);
  pack_map(out, params);
  return bytes_of(buffer);
}

template <class Params>
std::string encode_request_notification(std::uint32_t request, const Params& params) {
  msgpack::sbuffer buffer;
  Packer out(buffer);
  out.pack_array(3).pack(2);
  pack_key(out, Params::kMethod);
  out.pack_array(1);
  const std::uint32_t n_more = std::is_same_v<Params, CancelParams> ? 0 : 1;
  pack_map(out, params, n_more);
  if (n_more == 1) {
    pack_key(out, "request");
    out.pack(request);
  }
  return bytes_of(buffer);
}

template <class ResultType>
std::string encode_response(std::uint32_t id, const ResultType& result) {
  msgpack::sbuffer buffer;
  Packer out(buffer);
  out.pack_array(4).pack(1).pack(id).pack_nil();
  pack_map(out, result);
  return bytes_of(buffer);
}

template <class Notice>
std::string encode_notification(const Notice& notice, std::string_view notify_lua) {
  msgpack::sbuffer buffer;
  Packer out(buffer);
  out.pack_array(3).pack(2);
  if (notify_lua.empty()) {
    pack_key(out, Notice::kMethod);
    out.pack_array(1);
  } else {
    pack_key(out, "nvim_exec_lua");
    out.pack_array(2);
    pack_value(out, std::string(notify_lua));
    out.pack_array(2);
    pack_key(out, Notice::kMethod);
  }
  pack_map(out, notice);
  return bytes_of(buffer);
}

#define UNDERSTORY_PARAMS(Params)                                            \
  template Result<Params> decode<Params>(const Value&);                      \
  template std::string encode_request<Params>(std::uint32_t, const Params&); \
  template std::string encode_request_notification<Params>(std::uint32_t, const Params&);

#define UNDERSTORY_RESULT(Type)                                                       \
  template Result<Type> decode<Type>(const Value&);                                   \
  template Result<DoneNotice<Type>> decode<DoneNotice<Type>>(const Value&);           \
  template std::string encode_response<Type>(std::uint32_t, const Type&);             \
  template std::string encode_notification<DoneNotice<Type>>(const DoneNotice<Type>&, \
                                                             std::string_view);

#define UNDERSTORY_NOTICE(Notice)                       \
  template Result<Notice> decode<Notice>(const Value&); \
  template std::string encode_notification<Notice>(const Notice&, std::string_view);

}  // namespace understory::protocol
