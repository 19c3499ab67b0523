// What every folder asks of UTF-8's bytes.
#pragma once

namespace understory {

/// Whether the byte goes on with a character that an earlier byte began.
constexpr bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

}  // namespace understory
