#include "kernels/vulkan/weights.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace understory::kernels::vulkan {
namespace {

constexpr std::size_t kTexelBytes = 16;
constexpr std::uint32_t kFloatGroup = 8;  // float rows are padded to whole groups

// A buffer's share: whole tiles (or pairs of rows) that stay within what the device can bind.
std::uint32_t rows_per_part(std::size_t limit_bytes, std::size_t unit_bytes,
                            std::uint32_t unit_rows) {
  const std::size_t units = std::max<std::size_t>(1, limit_bytes / unit_bytes);
  const std::size_t rows = std::min<std::size_t>(units * unit_rows, 0x7ffffffe);
  return static_cast<std::uint32_t>(rows > 1 ? rows & ~std::size_t{1} : rows);
}

// Packs straight into a mapped buffer, or by way of host memory.
template <class Pack>
void write_packed(BufferFactory& buffers, const Buffer& buffer, std::size_t offset_bytes,
                  std::size_t size_bytes, std::vector<std::uint32_t>& scratch, Pack pack) {
  if (std::byte* mapped = buffer.mapped()) {
    pack(std::span(reinterpret_cast<std::uint32_t*>(mapped + offset_bytes), size_bytes / 4));
    return;
  }
  scratch.resize(size_bytes / 4);
  pack(std::span(scratch));
  buffers.write(buffer, std::as_bytes(std::span(scratch)), offset_bytes);
}

struct Unit {  // what is packed at once
  std::uint32_t rows = 0;
  std::size_t bytes = 0;
};

}  // namespace

std::shared_ptr<MatrixStorage> upload_weights(const Device& device, BufferFactory& buffers,
                                              DType type, std::uint32_t rows, std::uint32_t cols,
                                              std::span<const std::byte> data) {
  const bool lanes = device.uses_lanes();
  const std::uint32_t n_lanes = device.info().subgroup_size;
  Unit unit;
  std::size_t limit_bytes = 0;
  if (lanes) {
    const LaneStep step = lane_step(type);
    const std::uint32_t n_steps = (cols + step.cols - 1) / step.cols;
    unit = {kRowsPerLane * n_lanes, kTexelBytes * n_steps * step.texels * n_lanes};
    limit_bytes = std::size_t{device.limits().maxTexelBufferElements} * kTexelBytes;
    limit_bytes = std::min<std::size_t>(limit_bytes, 1u << 30);
  } else {
    unit = {1, std::size_t{4} * block_row_words(type, cols)};
    limit_bytes = std::min<std::size_t>(device.limits().maxStorageBufferRange, 1u << 31);
  }

  auto storage = std::make_shared<MatrixStorage>();
  const std::size_t gguf_row_bytes = row_bytes(type, cols);
  const std::uint32_t part_rows = rows_per_part(limit_bytes, unit.bytes, unit.rows);
  std::vector<std::uint32_t> scratch;
  for (std::uint32_t first = 0; first < rows; first += std::min(part_rows, rows - first)) {
    MatrixPart part;
    part.first_row = first;
    part.n_rows = std::min(part_rows, rows - first);
    const std::uint32_t n_units = (part.n_rows + unit.rows - 1) / unit.rows;
    part.buffer = buffers.create(n_units * unit.bytes, MemoryUse::kWeights, lanes);
    // Blocks go over many rows at once, tiles one by one.
    const std::uint32_t batch = lanes ? 1 : std::max<std::uint32_t>(1, (4u << 20) / unit.bytes);
    for (std::uint32_t i = 0; i < n_units; i += batch) {
      const std::uint32_t n = std::min(batch, n_units - i);
      const std::uint32_t from = first + i * unit.rows;
      const std::uint32_t to = std::min(from + n * unit.rows, first + part.n_rows);
      const auto source = data.subspan(from * gguf_row_bytes, (to - from) * gguf_row_bytes);
      write_packed(buffers, part.buffer, i * unit.bytes, n * unit.bytes, scratch,
                   [&](std::span<std::uint32_t> out) {
                     lanes ? pack_tile(type, cols, n_lanes, source, out)
                           : pack_blocks(type, cols, source, out);
                   });
    }
    storage->parts.push_back(std::move(part));
  }
  return storage;
}

// The blocks layout.

std::uint32_t block_row_words(DType type, std::uint32_t cols) {
  const DTypeTraits& t = traits(type);
  if (t.block_len == 1) {
    const std::uint32_t padded = (cols + kFloatGroup - 1) / kFloatGroup * kFloatGroup;
    return padded * t.block_bytes / 4;
  }
  return cols / t.block_len * ((t.block_bytes + 3) / 4);
}

void pack_blocks(DType type, std::uint32_t cols, std::span<const std::byte> rows,
                 std::span<std::uint32_t> out) {
  const DTypeTraits& t = traits(type);
  const std::size_t from_row = row_bytes(type, cols);
  const std::size_t to_row = std::size_t{4} * block_row_words(type, cols);
  const std::size_t n_rows = rows.size() / from_row;
  auto* to = reinterpret_cast<std::byte*>(out.data());
  if (from_row == to_row) {
    std::memcpy(to, rows.data(), rows.size());
    return;
  }
  std::memset(to, 0, n_rows * to_row);
  if (t.block_len == 1) {
    for (std::size_t r = 0; r < n_rows; ++r) {
      std::memcpy(to + r * to_row, rows.data() + r * from_row, from_row);
    }
    return;
  }
  const std::size_t padded_block = (t.block_bytes + 3) / 4 * std::size_t{4};
  const std::size_t head = type == DType::kQ6_K ? t.block_bytes : 2;
  for (std::size_t at = 0; at * t.block_bytes < rows.size(); ++at) {
    const std::byte* from = rows.data() + at * t.block_bytes;
    std::byte* block = to + at * padded_block;
    std::memcpy(block, from, head);
    std::memcpy(block + padded_block - (t.block_bytes - head), from + head, t.block_bytes - head);
  }
}

}  // namespace understory::kernels::vulkan
