// The tiles layout of weights.h.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/vulkan/weights.h"

namespace understory::kernels::vulkan {
namespace {

// Steps: texels per row, then what the lane's four rows share.
constexpr std::uint32_t kFloatStepCols = 32;
constexpr LaneStep kF32Step{32, 32};
constexpr LaneStep kF16Step{32, 16};
constexpr LaneStep kQ8_0Step{32, 9};
constexpr LaneStep kQ4Step{32, 5};
constexpr LaneStep kQ5Step{32, 6};
constexpr LaneStep kQ4_KStep{256, 37};
constexpr LaneStep kQ5_KStep{256, 45};
constexpr LaneStep kQ6_KStep{256, 53};

constexpr std::uint32_t kSubBlocks = 8;  // of 32 columns in a K-quant block

// One row's place in a tile.
class RowWriter {
 public:
  RowWriter(std::span<std::uint32_t> tile, std::uint32_t lanes, std::uint32_t texels,
            std::uint32_t row_in_tile)
      : tile_(tile),
        lanes_(lanes),
        texels_(texels),
        lane_(row_in_tile % lanes),
        row_(row_in_tile / lanes) {}

  std::uint32_t row() const { return row_; }  // 0 to 3

  std::uint32_t* texel(std::uint32_t step, std::uint32_t i) const {
    return &tile_[((std::size_t{step} * texels_ + i) * lanes_ + lane_) * 4];
  }
  /// This row's word of a texel that the lane's four rows share.
  std::uint32_t& shared(std::uint32_t step, std::uint32_t i) const { return texel(step, i)[row_]; }

 private:
  std::span<std::uint32_t> tile_;
  std::uint32_t lanes_;
  std::uint32_t texels_;
  std::uint32_t lane_;
  std::uint32_t row_;
};

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

std::uint32_t half_to_float_bits(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half} >> 15 << 31;
  const std::uint32_t exponent = half >> 10 & 0x1f;
  const std::uint32_t mantissa = half & 0x3ff;
  if (exponent == 0) {
    return sign | std::bit_cast<std::uint32_t>(static_cast<float>(mantissa) * 0x1p-24f);
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return sign | wide << 23 | mantissa << 13;
}

std::uint32_t byte_at(const std::byte* bytes, std::uint32_t i) {
  return std::to_integer<std::uint32_t>(bytes[i]);
}

// Gathers one nibble of each of eight bytes into a word, the first lowest.
std::uint32_t nibbles_of(const std::byte* bytes, bool high) {
  std::uint64_t x = load<std::uint64_t>(bytes) >> (high ? 4 : 0) & 0x0f0f0f0f0f0f0f0f;
  x = (x | x >> 4) & 0x00ff00ff00ff00ff;
  x = (x | x >> 8) & 0x0000ffff0000ffff;
  return static_cast<std::uint32_t>(x | x >> 16);
}

void pack_floats(DType type, std::uint32_t cols, const std::byte* row, const RowWriter& out) {
  const std::uint32_t size = traits(type).block_bytes;
  const std::uint32_t per_texel = 16 / size;
  const std::uint32_t texels_per_row = kFloatStepCols / per_texel;
  for (std::uint32_t col = 0; col < cols; col += per_texel) {
    const std::uint32_t n = std::min(per_texel, cols - col);
    const std::uint32_t texel = out.row() * texels_per_row + col % kFloatStepCols / per_texel;
    std::memcpy(out.texel(col / kFloatStepCols, texel), row + std::size_t{col} * size, n * size);
  }
}

void pack_q8_0(const std::byte* block, std::uint32_t step, const RowWriter& out) {
  for (std::uint32_t word = 0; word < 8; ++word) {
    out.texel(step, out.row() * 2 + word / 4)[word % 4] =
        load<std::uint32_t>(block + 2 + word * 4) ^ 0x80808080;
  }
  out.shared(step, 8) = half_to_float_bits(load<std::uint16_t>(block));
}

// Q4_0, Q4_1, Q5_0, Q5_1.
void pack_legacy(const std::byte* block, bool has_min, bool five_bits, std::uint32_t step,
                 const RowWriter& out) {
  const std::byte* rest = block + (has_min ? 4 : 2);
  const std::byte* nibbles = rest + (five_bits ? 4 : 0);
  for (std::uint32_t word = 0; word < 4; ++word) {
    out.texel(step, out.row())[word] = nibbles_of(nibbles + word % 2 * 8, word >= 2);
  }
  if (five_bits) out.shared(step, 4) = load<std::uint32_t>(rest);
  out.shared(step, five_bits ? 5 : 4) =
      has_min ? load<std::uint32_t>(block) : half_to_float_bits(load<std::uint16_t>(block));
}

// The j-th 6-bit scale in the low byte, its min in the next.
std::uint32_t k_scale_and_min(const std::byte* packed, std::uint32_t j) {
  if (j < 4) return (byte_at(packed, j) & 63) | (byte_at(packed, j + 4) & 63) << 8;
  const std::uint32_t low = byte_at(packed, j + 4);
  return (low & 0xf) | byte_at(packed, j - 4) >> 6 << 4 |
         (low >> 4 | byte_at(packed, j) >> 6 << 4) << 8;
}

void pack_q4_or_q5_k(const std::byte* block, bool five_bits, std::uint32_t step,
                     const RowWriter& out) {
  const std::byte* scales = block + 4;
  const std::byte* fifth_bits = scales + 12;
  const std::byte* nibbles = fifth_bits + (five_bits ? 32 : 0);
  const std::uint32_t scale_texel = five_bits ? 40 : 32;
  for (std::uint32_t j = 0; j < kSubBlocks; ++j) {
    for (std::uint32_t word = 0; word < 4; ++word) {
      out.texel(step, j * 4 + out.row())[word] =
          nibbles_of(nibbles + j / 2 * 32 + word * 8, j % 2 == 1);
    }
    if (five_bits) {
      std::uint32_t bits = 0;
      for (std::uint32_t i = 0; i < 32; ++i) bits |= (byte_at(fifth_bits, i) >> j & 1) << i;
      out.shared(step, 32 + j) = bits;
    }
    out.shared(step, scale_texel + j / 2) |= k_scale_and_min(scales, j) << j % 2 * 16;
  }
  out.shared(step, scale_texel + 4) = load<std::uint32_t>(block);
}

void pack_q6_k(const std::byte* block, std::uint32_t step, const RowWriter& out) {
  const std::byte* tops = block + 128;
  const std::byte* scales = block + 192;
  for (std::uint32_t j = 0; j < kSubBlocks; ++j) {
    const std::uint32_t half = j / 4;
    const std::uint32_t quarter = j % 4;
    for (std::uint32_t word = 0; word < 4; ++word) {
      out.texel(step, j * 4 + out.row())[word] =
          nibbles_of(block + half * 64 + quarter % 2 * 32 + word * 8, quarter >= 2);
    }
    for (std::uint32_t i = 0; i < 32; ++i) {
      const std::uint32_t top = byte_at(tops, half * 32 + i) >> (2 * quarter) & 3;
      out.shared(step, 32 + j * 2 + i / 16) |= top << i % 16 * 2;
    }
  }
  for (std::uint32_t i = 0; i < 4; ++i) {
    out.shared(step, 48 + i) = load<std::uint32_t>(scales + i * 4) ^ 0x80808080;
  }
  out.shared(step, 52) = half_to_float_bits(load<std::uint16_t>(block + 208));
}

void pack_block(DType type, const std::byte* block, std::uint32_t step, const RowWriter& out) {
  switch (type) {
    case DType::kQ4_0:
      return pack_legacy(block, false, false, step, out);
    case DType::kQ4_1:
      return pack_legacy(block, true, false, step, out);
    case DType::kQ5_0:
      return pack_legacy(block, false, true, step, out);
    case DType::kQ5_1:
      return pack_legacy(block, true, true, step, out);
    case DType::kQ8_0:
      return pack_q8_0(block, step, out);
    case DType::kQ4_K:
      return pack_q4_or_q5_k(block, false, step, out);
    case DType::kQ5_K:
      return pack_q4_or_q5_k(block, true, step, out);
    case DType::kQ6_K:
      return pack_q6_k(block, step, out);
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
      return;
  }
}

}  // namespace

LaneStep lane_step(DType type) {
  switch (type) {
    case DType::kF32:
      return kF32Step;
    case DType::kF16:
    case DType::kBF16:
      return kF16Step;
    case DType::kQ8_0:
      return kQ8_0Step;
    case DType::kQ4_0:
    case DType::kQ4_1:
      return kQ4Step;
    case DType::kQ5_0:
    case DType::kQ5_1:
      return kQ5Step;
    case DType::kQ4_K:
      return kQ4_KStep;
    case DType::kQ5_K:
      return kQ5_KStep;
    case DType::kQ6_K:
      return kQ6_KStep;
  }
  return kF32Step;
}

void pack_tile(DType type, std::uint32_t cols, std::uint32_t lanes, std::span<const std::byte> rows,
               std::span<std::uint32_t> out) {
  std::memset(out.data(), 0, out.size_bytes());
  const DTypeTraits& t = traits(type);
  const std::size_t bytes_per_row = row_bytes(type, cols);
  const auto n_rows = static_cast<std::uint32_t>(rows.size() / bytes_per_row);
  for (std::uint32_t r = 0; r < n_rows; ++r) {
    const std::byte* row = rows.data() + r * bytes_per_row;
    const RowWriter writer(out, lanes, lane_step(type).texels, r);
    if (t.block_len == 1) {
      pack_floats(type, cols, row, writer);
      continue;
    }
    for (std::uint32_t step = 0; step < cols / t.block_len; ++step) {
      pack_block(type, row + std::size_t{step} * t.block_bytes, step, writer);
    }
  }
}

}  // namespace understory::kernels::vulkan
