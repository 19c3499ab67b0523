#include "tests/support/dequantize.h"

#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <random>

#include "tests/support/half.h"

namespace understory::test {
namespace {

using kernels::DType;

constexpr std::uint32_t kSmallBlock = 32;
constexpr std::uint32_t kSuperBlock = 256;

constexpr std::array kAllDTypes{DType::kF32,  DType::kF16,  DType::kBF16, DType::kQ4_0,
                                DType::kQ4_1, DType::kQ5_0, DType::kQ5_1, DType::kQ8_0,
                                DType::kQ4_K, DType::kQ5_K, DType::kQ6_K};

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float load_half(const std::byte* from) {
  return half_to_float(load<std::uint16_t>(from));
}

int nibble(const std::byte* bytes, std::uint32_t i, bool high) {
  const int byte = std::to_integer<int>(bytes[i]);
  return high ? byte >> 4 : byte & 0xf;
}

// Q4_0, Q4_1, Q5_0, Q5_1: low nibbles are the first half of the block, high ones the second;
// the fifth bits of all 32 weights stand together in one word.
void decode_legacy(const std::byte* block, bool has_min, bool five_bits, float* out) {
  const float scale = load_half(block);
  const float min = has_min ? load_half(block + 2) : scale * (five_bits ? -16.0f : -8.0f);
  const std::byte* rest = block + (has_min ? 4 : 2);
  const std::uint32_t fifth_bits = five_bits ? load<std::uint32_t>(rest) : 0;
  const std::byte* nibbles = rest + (five_bits ? 4 : 0);
  for (std::uint32_t i = 0; i < kSmallBlock; ++i) {
    const int fifth = static_cast<int>(fifth_bits >> i & 1) << 4;
    out[i] = scale * static_cast<float>(nibble(nibbles, i % 16, i >= 16) | fifth) + min;
  }
}

void decode_q8_0(const std::byte* block, float* out) {
  const float scale = load_half(block);
  for (std::uint32_t i = 0; i < kSmallBlock; ++i) {
    out[i] = scale * static_cast<float>(load<std::int8_t>(block + 2 + i));
  }
}

struct ScaleAndMin {
  int scale;
  int min;
};

// Eight 6-bit scales and eight 6-bit mins in twelve bytes: the last four of each have their
// low nibbles in bytes 8 to 11 and their high bits on top of the first eight bytes.
ScaleAndMin unpack_k_scales(const std::byte* packed, std::uint32_t i) {
  const auto at = [&](std::uint32_t b) { return std::to_integer<int>(packed[b]); };
  if (i < 4) return {at(i) & 63, at(i + 4) & 63};
  return {(at(i + 4) & 0xf) | at(i - 4) >> 6 << 4, at(i + 4) >> 4 | at(i) >> 6 << 4};
}

// Q4_K and Q5_K: eight sub-blocks of 32; two neighbours share 32 bytes of nibbles, and bit i
// of the qh bytes is the fifth bit of sub-block i.
void decode_q4_or_q5_k(const std::byte* block, bool five_bits, float* out) {
  const float d = load_half(block);
  const float d_min = load_half(block + 2);
  const std::byte* scales = block + 4;
  const std::byte* fifth_bits = scales + 12;
  const std::byte* nibbles = fifth_bits + (five_bits ? 32 : 0);
  for (std::uint32_t i = 0; i < kSuperBlock; ++i) {
    const std::uint32_t sub_block = i / 32;
    const auto [scale, min] = unpack_k_scales(scales, sub_block);
    int q = nibble(nibbles, sub_block / 2 * 32 + i % 32, sub_block % 2 == 1);
    if (five_bits) q |= (std::to_integer<int>(fifth_bits[i % 32]) >> sub_block & 1) << 4;
    out[i] =
        d * static_cast<float>(scale) * static_cast<float>(q) - d_min * static_cast<float>(min);
  }
}

// Q6_K: two halves of 128 weights, each in four quarters of 32. Quarters 0 and 2 share the
// first 32 bytes of nibbles, 1 and 3 the next; bits 2q, 2q+1 of qh belong to quarter q.
void decode_q6_k(const std::byte* block, float* out) {
  const std::byte* ql = block;
  const std::byte* qh = block + 128;
  const std::byte* scales = block + 192;
  const float d = load_half(block + 208);
  for (std::uint32_t i = 0; i < kSuperBlock; ++i) {
    const std::uint32_t half = i / 128;
    const std::uint32_t quarter = i % 128 / 32;
    const std::uint32_t lane = i % 32;
    const int low = nibble(ql, half * 64 + quarter % 2 * 32 + lane, quarter >= 2);
    const int high = std::to_integer<int>(qh[half * 32 + lane]) >> (2 * quarter) & 3;
    const int scale = load<std::int8_t>(scales + i / 16);
    out[i] = d * static_cast<float>(scale) * static_cast<float>((low | high << 4) - 32);
  }
}

void decode_block(DType type, const std::byte* block, float* out) {
  switch (type) {
    case DType::kF32:
      *out = load<float>(block);
      return;
    case DType::kF16:
      *out = load_half(block);
      return;
    case DType::kBF16:
      *out = std::bit_cast<float>(std::uint32_t{load<std::uint16_t>(block)} << 16);
      return;
    case DType::kQ4_0:
      return decode_legacy(block, false, false, out);
    case DType::kQ4_1:
      return decode_legacy(block, true, false, out);
    case DType::kQ5_0:
      return decode_legacy(block, false, true, out);
    case DType::kQ5_1:
      return decode_legacy(block, true, true, out);
    case DType::kQ8_0:
      return decode_q8_0(block, out);
    case DType::kQ4_K:
      return decode_q4_or_q5_k(block, false, out);
    case DType::kQ5_K:
      return decode_q4_or_q5_k(block, true, out);
    case DType::kQ6_K:
      return decode_q6_k(block, out);
  }
}

// The f16 header fields of a block: where they are, and the size that keeps weights near 1.
struct HalfField {
  std::uint32_t offset;
  float magnitude;
};

std::vector<HalfField> half_fields(DType type) {
  switch (type) {
    case DType::kF32:
    case DType::kBF16:
      return {};
    case DType::kF16:
      return {{0, 0.7f}};
    case DType::kQ4_0:
      return {{0, 0.08f}};
    case DType::kQ4_1:
      return {{0, 0.08f}, {2, 0.5f}};
    case DType::kQ5_0:
      return {{0, 0.04f}};
    case DType::kQ5_1:
      return {{0, 0.04f}, {2, 0.5f}};
    case DType::kQ8_0:
      return {{0, 0.005f}};
    case DType::kQ4_K:
      return {{0, 0.0008f}, {2, 0.008f}};
    case DType::kQ5_K:
      return {{0, 0.0004f}, {2, 0.008f}};
    case DType::kQ6_K:
      return {{208, 0.0002f}};
  }
  return {};
}

// <random>'s distributions differ between libraries; these do not.
float uniform(std::mt19937& random, float low, float high) {
  return low + (high - low) * static_cast<float>(random() >> 8) * 0x1p-24f;
}

void randomize_block(DType type, std::byte* block, std::mt19937& random) {
  if (type == DType::kF32 || type == DType::kBF16) {
    const auto bits = std::bit_cast<std::uint32_t>(uniform(random, -1.0f, 1.0f));
    const auto upper = static_cast<std::uint16_t>(bits >> 16);
    if (type == DType::kF32) std::memcpy(block, &bits, sizeof bits);
    if (type == DType::kBF16) std::memcpy(block, &upper, sizeof upper);
    return;
  }
  for (std::uint32_t i = 0; i < kernels::traits(type).block_bytes; ++i) {
    block[i] = static_cast<std::byte>(random() >> 24);
  }
  for (const HalfField& field : half_fields(type)) {
    const float sign = random() & 0x100 ? 1.0f : -1.0f;
    const std::uint16_t half = float_to_half(sign * field.magnitude * uniform(random, 0.5f, 1.5f));
    std::memcpy(block + field.offset, &half, sizeof half);
  }
}

}  // namespace

std::span<const DType> all_dtypes() {
  return kAllDTypes;
}

void dequantize(DType type, std::span<const std::byte> data, std::span<float> out) {
  const kernels::DTypeTraits& t = kernels::traits(type);
  assert(data.size() == kernels::row_bytes(type, out.size()));
  for (std::size_t block = 0; block < out.size() / t.block_len; ++block) {
    decode_block(type, &data[block * t.block_bytes], &out[block * t.block_len]);
  }
}

std::vector<std::byte> random_weights(DType type, std::uint32_t rows, std::uint32_t cols,
                                      std::uint32_t seed) {
  const kernels::DTypeTraits& t = kernels::traits(type);
  assert(cols % t.block_len == 0);
  std::mt19937 random(seed);
  std::vector<std::byte> data(rows * kernels::row_bytes(type, cols));
  for (std::size_t at = 0; at < data.size(); at += t.block_bytes) {
    randomize_block(type, &data[at], random);
  }
  return data;
}

std::vector<float> random_floats(std::size_t n, std::uint32_t seed, float low, float high) {
  std::mt19937 random(seed);
  std::vector<float> values(n);
  for (float& value : values) value = uniform(random, low, high);
  return values;
}

}  // namespace understory::test
