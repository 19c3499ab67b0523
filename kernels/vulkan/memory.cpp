#include "kernels/vulkan/memory.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace understory::kernels::vulkan {
namespace {

constexpr vk::DeviceSize kChunkBytes = 32u << 20;
constexpr vk::DeviceSize kOwnChunkBytes = 8u << 20;  // from here on an allocation has its own

using Flags = vk::MemoryPropertyFlags;
constexpr auto kLocal = vk::MemoryPropertyFlagBits::eDeviceLocal;
constexpr auto kVisible = vk::MemoryPropertyFlagBits::eHostVisible;
constexpr auto kCoherent = vk::MemoryPropertyFlagBits::eHostCoherent;
constexpr auto kCached = vk::MemoryPropertyFlagBits::eHostCached;

}  // namespace

struct Chunk {
  vk::raii::DeviceMemory memory{nullptr};
  std::uint32_t type = 0;
  vk::DeviceSize size = 0;
  std::byte* mapped = nullptr;
  bool is_cached = false;
  std::map<vk::DeviceSize, vk::DeviceSize> free;  // offset -> size, merged

  // First fit; takes the piece out of `free`.
  std::optional<vk::DeviceSize> take(vk::DeviceSize bytes, vk::DeviceSize alignment) {
    for (auto [start, length] : free) {
      const vk::DeviceSize offset = (start + alignment - 1) / alignment * alignment;
      if (offset + bytes > start + length) continue;
      free.erase(start);
      if (offset > start) free[start] = offset - start;
      if (offset + bytes < start + length) free[offset + bytes] = start + length - offset - bytes;
      return offset;
    }
    return std::nullopt;
  }

  void put(vk::DeviceSize offset, vk::DeviceSize bytes) {
    auto here = free.emplace(offset, bytes).first;
    if (const auto next = std::next(here); next != free.end() && offset + bytes == next->first) {
      here->second += next->second;
      free.erase(next);
    }
    if (here == free.begin()) return;
    const auto before = std::prev(here);
    if (before->first + before->second == here->first) {
      before->second += here->second;
      free.erase(here);
    }
  }

  bool is_unused() const { return free.size() == 1 && free.begin()->second == size; }
};

Allocation& Allocation::operator=(Allocation&& other) noexcept {
  if (this == &other) return *this;
  release();
  allocator_ = std::exchange(other.allocator_, nullptr);
  chunk_ = std::exchange(other.chunk_, nullptr);
  offset_ = other.offset_;
  size_ = other.size_;
  return *this;
}

vk::DeviceMemory Allocation::memory() const {
  return *chunk_->memory;
}

std::byte* Allocation::mapped() const {
  return chunk_->mapped ? chunk_->mapped + offset_ : nullptr;
}

bool Allocation::is_cached() const {
  return chunk_->is_cached;
}

void Allocation::release() {
  if (allocator_) allocator_->give_back(*chunk_, offset_, size_);
  allocator_ = nullptr;
}

Allocator::Allocator(const Device& device) : device_(device) {}

Allocator::~Allocator() = default;

Allocation Allocator::allocate(const vk::MemoryRequirements& requirements, MemoryUse use) {
  const std::uint32_t type = choose_type(requirements.memoryTypeBits, use);
  Allocation result;
  if (requirements.size < kOwnChunkBytes) {
    for (const auto& chunk : chunks_) {
      if (chunk->type != type) continue;
      if (const auto offset = chunk->take(requirements.size, requirements.alignment)) {
        result.chunk_ = chunk.get();
        result.offset_ = *offset;
        break;
      }
    }
  }
  if (!result.chunk_) {
    const bool own = requirements.size >= kOwnChunkBytes;
    result.chunk_ = &add_chunk(type, own ? requirements.size : kChunkBytes);
    result.offset_ = *result.chunk_->take(requirements.size, requirements.alignment);
  }
  result.allocator_ = this;
  result.size_ = requirements.size;
  allocated_bytes_ += requirements.size;
  return result;
}

std::uint32_t Allocator::choose_type(std::uint32_t allowed_types, MemoryUse use) const {
  const bool staged_weights = use == MemoryUse::kWeights && device_.uses_staging();
  std::vector<std::pair<Flags, Flags>> wishes;  // required, avoided
  if (staged_weights) {
    wishes = {{kLocal, kVisible}, {kLocal, {}}};
  } else if (use == MemoryUse::kHost) {
    wishes = {{kVisible | kCoherent | kCached, {}}, {kVisible | kCoherent, {}}};
  } else {
    wishes = {{kLocal | kVisible | kCoherent | kCached, {}},
              {kLocal | kVisible | kCoherent, {}},
              {kVisible | kCoherent, {}},
              {kLocal, {}}};
  }
  const vk::PhysicalDeviceMemoryProperties& memory = device_.memory_properties();
  for (const auto& [required, avoided] : wishes) {
    for (std::uint32_t type = 0; type < memory.memoryTypeCount; ++type) {
      const Flags flags = memory.memoryTypes[type].propertyFlags;
      const bool allowed = allowed_types >> type & 1;
      if (allowed && (flags & required) == required && !(flags & avoided)) return type;
    }
  }
  throw vk::OutOfDeviceMemoryError("no fitting memory type");
}

Chunk& Allocator::add_chunk(std::uint32_t type, vk::DeviceSize size) {
  auto chunk = std::make_unique<Chunk>();
  chunk->memory = vk::raii::DeviceMemory(device_.handle(), vk::MemoryAllocateInfo(size, type));
  chunk->type = type;
  chunk->size = size;
  const Flags flags = device_.memory_properties().memoryTypes[type].propertyFlags;
  chunk->is_cached = static_cast<bool>(flags & kCached);
  if (flags & kVisible) {
    chunk->mapped = static_cast<std::byte*>(chunk->memory.mapMemory(0, VK_WHOLE_SIZE));
  }
  chunk->free[0] = size;
  return *chunks_.emplace_back(std::move(chunk));
}

void Allocator::give_back(Chunk& chunk, vk::DeviceSize offset, vk::DeviceSize size) {
  allocated_bytes_ -= size;
  chunk.put(offset, size);
  if (!chunk.is_unused()) return;
  chunks_.remove_if([&](const auto& held) { return held.get() == &chunk; });
}

}  // namespace understory::kernels::vulkan
