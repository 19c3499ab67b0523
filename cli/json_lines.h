// MessagePack-RPC frames as lines of JSON and back, value by value: what the messages mean is
// for those at either end. cli/README.md describes the lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace understory::cli {

/// The longest line taken: JSON's escapes may double a text that is not all escapes.
inline constexpr std::size_t kMaxLineBytes = std::size_t{8} << 20;

struct JsonLineError {
  Error error;                           // kProtocol: no message; kInvalidArgument: too large
  std::optional<std::uint32_t> request;  // whose line it was, where that much could be read
};

/// The frame of one line (without its newline), [0, id, method, params] or [2, method, params].
/// Fills `problem` and returns nullopt where the line is neither or exceeds what the daemon
/// takes (protocol/frame.h). Bytes that are not UTF-8 become U+FFFD. `request` is set to the id
/// of a request.
std::optional<std::string> frame_of_line(std::string_view line, JsonLineError& problem,
                                         std::optional<std::uint32_t>& request);

/// One line, without its newline, of a whole frame. A text of a map that is not valid UTF-8 has
/// each wrong byte replaced by U+FFFD, and beside KEY stands KEY_base64 with the bytes. `response`
/// is set to the id of a response. The error is kProtocol.
Result<std::string> line_of_frame(std::string_view frame, std::optional<std::uint32_t>& response);

/// The line that answers a request, or with nothing to answer an `error` notification.
std::string error_line(const JsonLineError& problem);

}  // namespace understory::cli
