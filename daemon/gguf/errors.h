// Wording shared by the parser's parts.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "daemon/gguf/byte_reader.h"

namespace understory::gguf {

inline Error bad(std::string message) {
  return {ErrorCode::kBadModel, std::move(message)};
}

/// A name from the file, fit for a message: short and printable.
inline std::string printable(std::string_view name) {
  constexpr std::size_t kShown = 80;
  std::string out = "'";
  for (const char c : name.substr(0, kShown)) out += c < 0x20 || c == 0x7f ? '?' : c;
  if (name.size() > kShown) out += "...";
  return out + "'";
}

inline Error ends_inside(const ByteReader& reader, const std::string& what) {
  return bad("the file ends inside " + what + ", near byte " + std::to_string(reader.position()) +
             ": it is truncated, or a length in it is wrong");
}

}  // namespace understory::gguf
