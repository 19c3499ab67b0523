// IEEE 754 binary16 in software, for the scalar references.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace understory::test {

inline float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half} >> 15 << 31;
  const std::uint32_t exponent = half >> 10 & 0x1f;
  const std::uint32_t mantissa = half & 0x3ff;
  if (exponent == 0) {
    const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
    return sign ? -magnitude : magnitude;
  }
  const std::uint32_t wide_exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide_exponent << 23 | mantissa << 13);
}

/// Rounds to nearest, ties to even.
inline std::uint16_t float_to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000;
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7e00);
  if (magnitude >= 65520.0f) return static_cast<std::uint16_t>(sign | 0x7c00);
  if (magnitude < 0x1p-14f) {  // subnormal: whole multiples of 2^-24
    const float units = std::nearbyint(std::ldexp(magnitude, 24));
    return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(units));
  }
  const std::uint32_t kept = (bits & 0x7fffffff) - (std::uint32_t{112} << 23);
  const std::uint32_t rounded = kept + 0xfff + (kept >> 13 & 1);
  return static_cast<std::uint16_t>(sign | rounded >> 13);
}

inline float round_to_half(float value) {
  return half_to_float(float_to_half(value));
}

}  // namespace understory::test
