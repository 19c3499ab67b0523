// Device memory in large chunks, handed out in pieces: drivers limit the number of allocations.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>

#include "kernels/vulkan/device.h"
#include "kernels/vulkan/vulkan_headers.h"

namespace understory::kernels::vulkan {

enum class MemoryUse {
  kWeights,  // written once; mapped only where device memory is host memory
  kShared,   // small, written and read by the host between runs; mapped wherever possible
  kHost,     // staging; always mapped
};

struct Chunk;
class Allocator;

/// A piece of a chunk; given back when destroyed.
class Allocation {
 public:
  Allocation() = default;
  Allocation(Allocation&& other) noexcept { *this = std::move(other); }
  Allocation& operator=(Allocation&& other) noexcept;
  ~Allocation() { release(); }

  vk::DeviceMemory memory() const;
  vk::DeviceSize offset() const { return offset_; }
  std::byte* mapped() const;  // null where the host cannot reach it
  bool is_cached() const;     // the host may read it fast

 private:
  friend class Allocator;
  void release();

  Allocator* allocator_ = nullptr;
  Chunk* chunk_ = nullptr;
  vk::DeviceSize offset_ = 0;
  vk::DeviceSize size_ = 0;
};

class Allocator {
 public:
  explicit Allocator(const Device& device);
  ~Allocator();

  /// Throws vk::SystemError (out of memory).
  Allocation allocate(const vk::MemoryRequirements& requirements, MemoryUse use);

  std::size_t allocated_bytes() const { return allocated_bytes_; }

 private:
  friend class Allocation;
  std::uint32_t choose_type(std::uint32_t allowed_types, MemoryUse use) const;
  Chunk& add_chunk(std::uint32_t type, vk::DeviceSize size);
  void give_back(Chunk& chunk, vk::DeviceSize offset, vk::DeviceSize size);

  const Device& device_;
  std::list<std::unique_ptr<Chunk>> chunks_;
  std::size_t allocated_bytes_ = 0;
};

}  // namespace understory::kernels::vulkan
