// Buffers, and what stands behind the handles of kernels/backend.h.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "kernels/vulkan/device.h"
#include "kernels/vulkan/memory.h"

namespace understory::kernels::vulkan {

/// One storage buffer. Where `texels` is wanted and the device allows it, also readable as a
/// uniform texel buffer of RGBA32UI, 16 bytes a texel: on CPU drivers the fastest gather.
struct Buffer {
  Allocation allocation;  // outlives the buffer bound to it
  vk::raii::Buffer buffer{nullptr};
  vk::raii::BufferView texels{nullptr};
  std::size_t size_bytes = 0;

  std::byte* mapped() const { return allocation.mapped(); }
};

/// Tensor, Indices, Vector.
struct BufferStorage final : Storage {
  Buffer buffer;
};

/// Rows [first_row, first_row + n_rows) of a matrix in a buffer of their own: a binding can only
/// hold so much (128 MiB on some drivers).
struct MatrixPart {
  std::uint32_t first_row = 0;
  std::uint32_t n_rows = 0;
  Buffer buffer;
};

struct MatrixStorage final : Storage {
  std::vector<MatrixPart> parts;
};

/// A buffer per layer: K, then V, each [block][kv_head][position in block][head_dim] of f16, two
/// in a u32, little end first. Texel views as in Buffer.
struct KvStorage final : Storage {
  std::vector<Buffer> layers;
  std::size_t block_bytes = 0;  // of K or of V in one layer
  std::size_t v_offset_bytes = 0;
};

class BufferFactory {
 public:
  explicit BufferFactory(const Device& device) : device_(device), allocator_(device) {}

  /// At least one byte, rounded up to 16. Throws vk::SystemError (out of memory).
  Buffer create(std::size_t size_bytes, MemoryUse use, bool texels);

  /// Through a mapping where there is one, else through a staging buffer.
  void write(const Buffer& to, std::span<const std::byte> from, std::size_t offset_bytes);
  void read(const Buffer& from, std::span<std::byte> to, std::size_t offset_bytes);
  void fill_zero(const Buffer& to);

  std::size_t allocated_bytes() const { return allocator_.allocated_bytes(); }

 private:
  void write_staged(const Buffer& to, std::span<const std::byte> from, std::size_t offset_bytes);
  void read_staged(const Buffer& from, std::span<std::byte> to, std::size_t offset_bytes);
  Buffer& staging();

  const Device& device_;
  Allocator allocator_;
  Buffer staging_;
};

}  // namespace understory::kernels::vulkan
