// The Vulkan instance and the devices behind it, best first.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/vulkan/vulkan_backend.h"
#include "kernels/vulkan/vulkan_headers.h"

namespace understory::kernels::vulkan {

/// Errors that the validation layers reported; filled from the driver's threads.
class ValidationLog {
 public:
  void add(std::string message);
  std::size_t count() const { return count_; }
  std::string first() const;

 private:
  std::atomic<std::size_t> count_{0};
  mutable std::mutex mutex_;
  std::string first_;
};

struct Instance {
  vk::raii::Context context;
  std::unique_ptr<ValidationLog> validation;  // null where validation is off
  vk::raii::Instance instance{nullptr};
  vk::raii::DebugUtilsMessengerEXT messenger{nullptr};
};

struct Candidate {
  vk::raii::PhysicalDevice device{nullptr};
  std::uint32_t queue_family = 0;
  DeviceInfo info;
};

/// kNoDevice where no Vulkan loader or driver is installed; kUnsupported where validation is
/// wanted and its layer is not installed.
Result<std::unique_ptr<Instance>> create_instance(bool validation);

/// Devices with a compute queue and Vulkan 1.2, best first; kNoDevice where there is none.
Result<std::vector<Candidate>> list_candidates(const Instance& instance);

/// Free bytes of the heap that holds weights, as well as the driver lets us know.
std::size_t estimate_free_memory(const vk::raii::PhysicalDevice& device, DeviceKind kind);

}  // namespace understory::kernels::vulkan
