#include "kernels/vulkan/instance.h"
#include "kernels/vulkan/vulkan_backend.h"
#include "kernels/vulkan/vulkan_headers.h"

namespace understory::kernels {

Result<std::vector<DeviceLimits>> list_vulkan_limits() {
  auto instance = vulkan::create_instance(false);
  if (!instance) return instance.error();
  auto candidates = vulkan::list_candidates(**instance);
  if (!candidates) return candidates.error();
  std::vector<DeviceLimits> all;
  for (const vulkan::Candidate& candidate : *candidates) {
    const vk::PhysicalDeviceLimits limits = candidate.device.getProperties().limits;
    all.push_back({limits.maxStorageBufferRange, limits.maxUniformBufferRange,
                   limits.maxPushConstantsSize, limits.maxComputeSharedMemorySize,
                   limits.maxComputeWorkGroupInvocations});
  }
  return all;
}

}  // namespace understory::kernels
