#include "kernels/vulkan/buffers.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace understory::kernels::vulkan {
namespace {

constexpr std::size_t kTexelBytes = 16;
constexpr std::size_t kStagingBytes = 8u << 20;
// Below this, reading uncached memory costs less than a submit.
constexpr std::size_t kUncachedReadBytes = 2048;

vk::BufferCopy copy_of(std::size_t from, std::size_t to, std::size_t size) {
  return {from, to, size};
}

}  // namespace

Buffer BufferFactory::create(std::size_t size_bytes, MemoryUse use, bool texels) {
  using Usage = vk::BufferUsageFlagBits;
  Buffer result;
  result.size_bytes =
      (std::max<std::size_t>(size_bytes, 1) + kTexelBytes - 1) / kTexelBytes * kTexelBytes;
  texels = texels && result.size_bytes / kTexelBytes <= device_.limits().maxTexelBufferElements;
  vk::BufferUsageFlags usage =
      Usage::eStorageBuffer | Usage::eTransferSrc | Usage::eTransferDst | Usage::eUniformBuffer;
  if (texels) usage |= Usage::eUniformTexelBuffer;
  result.buffer =
      vk::raii::Buffer(device_.handle(), vk::BufferCreateInfo({}, result.size_bytes, usage));
  result.allocation = allocator_.allocate(result.buffer.getMemoryRequirements(), use);
  result.buffer.bindMemory(result.allocation.memory(), result.allocation.offset());
  if (texels) {
    const vk::BufferViewCreateInfo view({}, *result.buffer, vk::Format::eR32G32B32A32Uint, 0,
                                        VK_WHOLE_SIZE);
    result.texels = vk::raii::BufferView(device_.handle(), view);
  }
  return result;
}

void BufferFactory::write(const Buffer& to, std::span<const std::byte> from,
                          std::size_t offset_bytes) {
  assert(offset_bytes + from.size() <= to.size_bytes);
  if (from.empty()) return;
  if (std::byte* mapped = to.mapped()) {
    std::memcpy(mapped + offset_bytes, from.data(), from.size());
  } else {
    write_staged(to, from, offset_bytes);
  }
}

void BufferFactory::read(const Buffer& from, std::span<std::byte> to, std::size_t offset_bytes) {
  assert(offset_bytes + to.size() <= from.size_bytes);
  if (to.empty()) return;
  const std::byte* mapped = from.mapped();
  if (mapped && (from.allocation.is_cached() || to.size() <= kUncachedReadBytes)) {
    std::memcpy(to.data(), mapped + offset_bytes, to.size());
  } else {
    read_staged(from, to, offset_bytes);
  }
}

void BufferFactory::fill_zero(const Buffer& to) {
  if (std::byte* mapped = to.mapped()) {
    std::memset(mapped, 0, to.size_bytes);
    return;
  }
  device_.run_once([&](const vk::raii::CommandBuffer& commands) {
    commands.fillBuffer(*to.buffer, 0, VK_WHOLE_SIZE, 0);
    full_barrier(commands);
  });
}

void BufferFactory::write_staged(const Buffer& to, std::span<const std::byte> from,
                                 std::size_t offset_bytes) {
  const Buffer& stage = staging();
  for (std::size_t done = 0; done < from.size(); done += kStagingBytes) {
    const std::size_t size = std::min(kStagingBytes, from.size() - done);
    std::memcpy(stage.mapped(), from.data() + done, size);
    device_.run_once([&](const vk::raii::CommandBuffer& commands) {
      full_barrier(commands);
      commands.copyBuffer(*stage.buffer, *to.buffer, copy_of(0, offset_bytes + done, size));
      full_barrier(commands);
    });
  }
}

void BufferFactory::read_staged(const Buffer& from, std::span<std::byte> to,
                                std::size_t offset_bytes) {
  const Buffer& stage = staging();
  for (std::size_t done = 0; done < to.size(); done += kStagingBytes) {
    const std::size_t size = std::min(kStagingBytes, to.size() - done);
    device_.run_once([&](const vk::raii::CommandBuffer& commands) {
      full_barrier(commands);
      commands.copyBuffer(*from.buffer, *stage.buffer, copy_of(offset_bytes + done, 0, size));
      full_barrier(commands);
    });
    std::memcpy(to.data() + done, stage.mapped(), size);
  }
}

Buffer& BufferFactory::staging() {
  if (staging_.size_bytes == 0) staging_ = create(kStagingBytes, MemoryUse::kHost, false);
  return staging_;
}

}  // namespace understory::kernels::vulkan
