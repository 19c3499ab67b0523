#include "cli/json_lines.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "cli/text.h"
#include "protocol/codec.h"
#include "protocol/frame.h"

namespace understory::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Deeper than anything that the daemon takes, so that no recursion sees more.
constexpr int kMaxDepth = static_cast<int>(protocol::kMaxNesting) + 1;

std::optional<Json> parse(std::string_view line) {
  bool too_deep = false;
  const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;  // what is refused is not built
  };
  Json json = Json::parse(replace_invalid_utf8(line), watch, /*allow_exceptions=*/false);
  if (too_deep || json.is_discarded()) return std::nullopt;
  return json;
}

std::optional<std::uint32_t> id_of(const Json& message, std::uint64_t kind) {
  if (!message.is_array() || message.size() < 2 || message[0] != kind) return std::nullopt;
  if (!message[1].is_number_unsigned()) return std::nullopt;
  const auto id = message[1].get<std::uint64_t>();
  return id <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(id)) : std::nullopt;
}

bool is_call(const Json& m) {
  if (!m.is_array()) return false;
  if (m.size() == 4) return id_of(m, 0).has_value() && m[2].is_string() && m[3].is_array();
  return m.size() == 3 && m[0] == 2u && m[1].is_string() && m[2].is_array();
}

std::string bytes_of(const Json& binary) {
  const Json::binary_t& bytes = binary.get_binary();
  return {bytes.begin(), bytes.end()};
}

void make_texts(Json& value) {
  if (value.is_binary()) {
    value = replace_invalid_utf8(bytes_of(value));
  } else if (value.is_array()) {
    for (Json& element : value) make_texts(element);
  } else if (value.is_object()) {
    std::vector<std::pair<std::string, std::string>> originals;
    for (auto& [key, member] : value.items()) {
      if (member.is_binary()) originals.emplace_back(key + "_base64", base64(bytes_of(member)));
      make_texts(member);
    }
    for (auto& [key, text] : originals) value[key] = std::move(text);
  }
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::nullopt_t reject(JsonLineError& problem, ErrorCode code, std::string message,
                      std::optional<std::uint32_t> request) {
  problem = {{code, std::move(message)}, request};
  return std::nullopt;
}

}  // namespace

std::optional<std::string> frame_of_line(std::string_view line, JsonLineError& problem,
                                         std::optional<std::uint32_t>& request) {
  const std::optional<Json> message = parse(line);
  if (!message) return reject(problem, ErrorCode::kProtocol, "a line is not JSON", {});
  request = id_of(*message, 0);
  if (!is_call(*message)) {
    return reject(problem, ErrorCode::kProtocol,
                  "a line must be [0, id, method, [params]] or [2, method, [params]]", request);
  }
  std::string frame;
  Json::to_msgpack(*message, frame);
  protocol::FrameSplitter limits(protocol::kRequestLimits);
  limits.append(frame);
  if (const auto whole = limits.next(); !whole) {
    return reject(problem, ErrorCode::kInvalidArgument, whole.error().message, request);
  }
  return frame;
}

Result<std::string> line_of_frame(std::string_view frame, std::optional<std::uint32_t>& response) {
  Json message = Json::from_msgpack(frame.begin(), frame.end(), /*strict=*/true,
                                    /*allow_exceptions=*/false);
  if (message.is_discarded()) {
    return Error{ErrorCode::kProtocol, "the daemon sent what is not MessagePack"};
  }
  response = id_of(message, 1);
  make_texts(message);
  return dump(message);
}

std::string error_line(const JsonLineError& problem) {
  const protocol::Failure failure = protocol::to_failure(problem.error);
  const Json error{{"code", failure.code}, {"message", failure.message}};
  if (problem.request) return dump(Json::array({1, *problem.request, error, nullptr}));
  return dump(Json::array({2, "error", Json::array({error})}));
}

}  // namespace understory::cli
