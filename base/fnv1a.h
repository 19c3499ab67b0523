// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/). Tells versions of a text from each
// other; no defence against malice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace understory {

inline constexpr std::uint64_t kFnv1aBasis = 0xcbf29ce484222325U;

/// Goes on from `hash`, so that pieces one after the other hash as the whole does.
constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t hash = kFnv1aBasis) {
  constexpr std::uint64_t kPrime = 0x100000001b3U;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * kPrime;
  return hash;
}

/// In 16 hexadecimal digits.
inline std::string fnv1a_hex(std::string_view bytes) {
  std::uint64_t hash = fnv1a(bytes);
  std::string digits(16, '0');
  for (std::size_t i = digits.size(); i > 0; hash >>= 4)
    digits[--i] = "0123456789abcdef"[hash & 15];
  return digits;
}

}  // namespace understory
