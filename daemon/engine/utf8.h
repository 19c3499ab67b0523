// Code points of UTF-8 text that may be invalid. An invalid byte reads as itself, one byte long.
#pragma once

#include <cstdint>
#include <string_view>

namespace understory::engine {

/// Bytes of the character that starts with `lead`: 1 to 4, or 0 where none does.
inline std::uint32_t utf8_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

struct CodePoint {
  char32_t value = 0;
  std::uint32_t length = 0;  // bytes
};

enum class Utf8State { kWhole, kTruncated, kInvalid };

/// Whether text begins with a whole character, with the beginning of one that goes on past the
/// end of text, or with a byte that belongs to none. text is not empty.
Utf8State utf8_state(std::string_view text);

/// The code point at `offset` < text.size().
CodePoint code_point_at(std::string_view text, std::size_t offset);

/// The one before `offset` > 0.
CodePoint code_point_before(std::string_view text, std::size_t offset);

}  // namespace understory::engine
