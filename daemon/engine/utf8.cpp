#include "daemon/engine/utf8.h"

#include <algorithm>

namespace understory::engine {
namespace {

bool continues(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

/// The range of the second byte, which excludes overlong forms, surrogates and values past
/// U+10FFFF (Unicode 15, table 3-7).
bool second_fits(unsigned char lead, unsigned char second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0 && second <= 0xBF;
    case 0xED:
      return second >= 0x80 && second <= 0x9F;
    case 0xF0:
      return second >= 0x90 && second <= 0xBF;
    case 0xF4:
      return second >= 0x80 && second <= 0x8F;
    default:
      return continues(second);
  }
}

}  // namespace

Utf8State utf8_state(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::uint32_t length = utf8_length(lead);
  if (length == 0) return Utf8State::kInvalid;
  for (std::uint32_t i = 1; i < length; ++i) {
    if (i >= text.size()) return Utf8State::kTruncated;
    const auto byte = static_cast<unsigned char>(text[i]);
    if (i == 1 ? !second_fits(lead, byte) : !continues(byte)) return Utf8State::kInvalid;
  }
  return Utf8State::kWhole;
}

CodePoint code_point_at(std::string_view text, std::size_t offset) {
  const std::string_view rest = text.substr(offset);
  const auto lead = static_cast<unsigned char>(rest[0]);
  if (lead < 0x80 || utf8_state(rest) != Utf8State::kWhole) return {lead, 1};
  const std::uint32_t length = utf8_length(lead);
  char32_t value = lead & (0xFF >> (length + 1));
  for (std::uint32_t i = 1; i < length; ++i)
    value = value << 6 | (static_cast<unsigned char>(rest[i]) & 0x3F);
  return {value, length};
}

CodePoint code_point_before(std::string_view text, std::size_t offset) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(4, offset); ++back) {
    const std::string_view last = text.substr(offset - back, back);
    if (utf8_length(static_cast<unsigned char>(last[0])) == back &&
        utf8_state(last) == Utf8State::kWhole)
      return code_point_at(last, 0);
  }
  return {static_cast<unsigned char>(text[offset - 1]), 1};
}

}  // namespace understory::engine
