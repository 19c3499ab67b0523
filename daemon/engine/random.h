// The engine's own random numbers, the same on every machine and standard library: SplitMix64
// (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators") read at any
// position, so that a branch's n-th draw depends on its seed and n alone.
#pragma once

#include <cstdint>

namespace understory::engine {

inline constexpr std::uint64_t kGoldenGamma = 0x9E3779B97F4A7C15;

inline std::uint64_t mix64(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

/// Output number `index` (from 0) of SplitMix64 started at `seed`.
inline std::uint64_t random_bits(std::uint64_t seed, std::uint64_t index) {
  return mix64(seed + (index + 1) * kGoldenGamma);
}

/// The same as a number in [0, 1) of 53 bits.
inline double random_unit(std::uint64_t seed, std::uint64_t index) {
  return static_cast<double>(random_bits(seed, index) >> 11) * 0x1.0p-53;
}

/// Seeds that we choose have 53 bits at most, so that every JSON reader keeps them exactly.
inline constexpr std::uint64_t kChosenSeedMask = (std::uint64_t{1} << 53) - 1;

}  // namespace understory::engine
