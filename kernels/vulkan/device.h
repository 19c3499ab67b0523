// The opened device: what was chosen, its limits, and its one compute queue.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "kernels/vulkan/instance.h"
#include "kernels/vulkan/vulkan_backend.h"
#include "kernels/vulkan/vulkan_headers.h"

namespace understory::kernels::vulkan {

class Device {
 public:
  /// Errors as open_vulkan_backend.
  static Result<std::unique_ptr<Device>> open(const VulkanOptions& options);

  const DeviceInfo& info() const { return info_; }
  const vk::raii::Device& handle() const { return device_; }
  const vk::raii::PhysicalDevice& physical() const { return physical_; }
  const vk::PhysicalDeviceLimits& limits() const { return limits_; }
  const vk::PhysicalDeviceMemoryProperties& memory_properties() const { return memory_; }
  const vk::raii::CommandPool& command_pool() const { return command_pool_; }

  bool is_cpu_driver() const { return info_.kind == DeviceKind::kCpuDriver; }
  bool uses_lanes() const { return info_.kernel_family == "lanes"; }

  /// True where device memory is kept unmapped and filled through staging buffers.
  bool uses_staging() const { return staging_; }

  /// Validation errors so far.
  std::size_t n_validation_errors() const;
  std::string first_validation_error() const;

  /// Submits and waits; throws vk::SystemError.
  void submit_and_wait(const vk::raii::CommandBuffer& commands) const;

  /// Records, submits and waits; throws vk::SystemError.
  void run_once(const std::function<void(const vk::raii::CommandBuffer&)>& body) const;

 private:
  Device() = default;

  std::unique_ptr<Instance> instance_;
  vk::raii::PhysicalDevice physical_{nullptr};
  vk::raii::Device device_{nullptr};
  vk::raii::Queue queue_{nullptr};
  vk::raii::CommandPool command_pool_{nullptr};
  vk::raii::Fence fence_{nullptr};
  vk::PhysicalDeviceLimits limits_;
  vk::PhysicalDeviceMemoryProperties memory_;
  DeviceInfo info_;
  bool staging_ = false;
};

/// Makes everything written so far visible to everything later, on the device and the host.
void full_barrier(const vk::raii::CommandBuffer& commands);

}  // namespace understory::kernels::vulkan
