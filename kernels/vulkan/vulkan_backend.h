// Opens a Vulkan device as a Backend. No Vulkan header is needed to include this.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/backend.h"

namespace understory::kernels {

/// Which matrix kernels to use; see ARCHITECTURE.md, "Kernels".
enum class KernelFamily {
  kAutomatic,  // lanes on CPU drivers, subgroup elsewhere
  kLanes,      // a lane per output row, weights repacked and interleaved
  kSubgroup,   // a subgroup per output row, weights in GGUF block order
};

struct VulkanOptions {
  std::string device;  // index or part of a name, case-insensitive; empty: best first
  KernelFamily family = KernelFamily::kAutomatic;
  bool validation = false;  // Khronos validation with synchronization; errors become fatal
  bool staging = false;     // copy through staging buffers as on a discrete GPU (for tests)
};

/// All usable devices, best first (discrete, integrated, virtual, CPU driver); the position is
/// the index that VulkanOptions::device takes. kNoDevice, with the package that brings a
/// driver, when there is none.
Result<std::vector<DeviceInfo>> list_vulkan_devices();

/// What bounds the kernels on a device; for `understory doctor`.
struct DeviceLimits {
  std::size_t storage_buffer_bytes = 0;  // that one binding reaches
  std::size_t uniform_buffer_bytes = 0;
  std::size_t push_constant_bytes = 0;
  std::size_t shared_memory_bytes = 0;  // of a workgroup
  std::size_t workgroup_invocations = 0;
};

/// The limits of the devices that list_vulkan_devices() gives, in the same order.
Result<std::vector<DeviceLimits>> list_vulkan_limits();

/// Errors: kNoDevice (none, or none that matches options.device; lists what there is).
/// Its run() fails with kInternal and the layer's words once validation has found an error.
Result<std::unique_ptr<Backend>> open_vulkan_backend(const VulkanOptions& options);

/// Errors that the validation layers have reported on this backend; 0 where they are off. The
/// backend must have come from open_vulkan_backend.
std::size_t validation_error_count(const Backend& backend);

/// GB/s at which the device's kernels read a buffer far larger than its caches, the best of a
/// few runs (about 0.3 s). The backend must have come from open_vulkan_backend.
Result<double> measure_memory_bandwidth_gb_s(Backend& backend);

}  // namespace understory::kernels
