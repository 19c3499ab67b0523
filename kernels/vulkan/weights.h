// How weights lie in device memory, and the way there from GGUF blocks.
//
// Subgroup family ("blocks"): GGUF's own order, each block padded to whole words by zeros after
// its 2-byte scale (Q4_0, Q5_0, Q8_0) or at its end (Q6_K); F16 and BF16 rows are padded with
// zeros to 8 columns, as F32 rows are. kernels/shaders/weights_blocks.glsl reads it.
//
// Lanes family ("tiles"): rows are cut into tiles of 4 * lanes rows, where lanes is the
// subgroup size; lane l computes rows l, lanes + l, 2 lanes + l and 3 lanes + l of the tile.
// Columns are cut into steps (32, or 256 for K-quants; zeros pad floats). A tile is its steps one
// after another; a step is kStepTexels texels of 16 bytes for each lane, lanes side by side:
// texel i of lane l of step s of tile t is at ((t * n_steps + s) * kStepTexels + i) * lanes + l.
// The texels of a step by type, "x4" meaning one u32 or f32 for each of the lane's four rows:
//   F32    row r: 8 texels of 4 columns      F16, BF16  row r: 4 texels of 8 columns
//   Q8_0   row r: 2 texels of 16 bytes q + 128; scale f32 x4
//   Q4_0   row r: 1 texel of 32 nibbles; scale f32 x4
//   Q4_1   row r: 1 texel of 32 nibbles; (d, m) as two f16 x4
//   Q5_0   as Q4_0, then 32 fifth bits x4 before the scale;  Q5_1 as Q4_1, likewise
//   Q4_K   per 32 columns, row r: 1 texel of nibbles; per 64 columns: bytes (sc, m, sc, m) x4;
//          (d, dmin) as two f16 x4
//   Q5_K   as Q4_K, then per 32 columns: fifth bits x4 before the scales
//   Q6_K   as Q4_K's nibbles; per 16 columns: 2-bit tops x4; per 64 columns: 4 scales + 128
//          as bytes x4; d f32 x4
// Nibbles and bits stand in column order from the low end. kernels/shaders/weights_lanes.glsl
// reads it. Rows that pad the last tile are zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "kernels/dtype.h"
#include "kernels/vulkan/buffers.h"
#include "kernels/vulkan/device.h"

namespace understory::kernels::vulkan {

inline constexpr std::uint32_t kRowsPerLane = 4;

/// Words of one row in the blocks layout.
std::uint32_t block_row_words(DType type, std::uint32_t cols);

struct LaneStep {
  std::uint32_t cols = 0;    // columns of a step
  std::uint32_t texels = 0;  // texels of a step for one lane
};
LaneStep lane_step(DType type);

/// Writes rows [first_row, first_row + n_rows) of a GGUF matrix in the blocks layout.
void pack_blocks(DType type, std::uint32_t cols, std::span<const std::byte> rows,
                 std::span<std::uint32_t> out);

/// Writes one tile from at most 4 * lanes rows in GGUF layout; missing rows become zeros.
void pack_tile(DType type, std::uint32_t cols, std::uint32_t lanes, std::span<const std::byte> rows,
               std::span<std::uint32_t> out);

/// Uploads a matrix in the layout of the device's kernel family, in as many parts as bindings
/// need. Throws vk::SystemError.
std::shared_ptr<MatrixStorage> upload_weights(const Device& device, BufferFactory& buffers,
                                              DType type, std::uint32_t rows, std::uint32_t cols,
                                              std::span<const std::byte> data);

}  // namespace understory::kernels::vulkan
