#include "kernels/vulkan/instance.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>

namespace understory::kernels::vulkan {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";
constexpr const char* kNoDriver =
    "no Vulkan device found: install a driver, for example the Debian package "
    "mesa-vulkan-drivers (it brings a CPU driver too)";

VKAPI_ATTR VkBool32 VKAPI_CALL on_validation_message(
    VkDebugUtilsMessageSeverityFlagBitsEXT severity, VkDebugUtilsMessageTypeFlagsEXT,
    const VkDebugUtilsMessengerCallbackDataEXT* data, void* user_data) {
  if (severity >= VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT) {
    static_cast<ValidationLog*>(user_data)->add(data->pMessage ? data->pMessage : "");
  }
  return VK_FALSE;
}

bool has_layer(const vk::raii::Context& context, const char* name) {
  const auto layers = context.enumerateInstanceLayerProperties();
  return std::any_of(layers.begin(), layers.end(), [&](const vk::LayerProperties& layer) {
    return std::strcmp(layer.layerName, name) == 0;
  });
}

DeviceKind kind_of(vk::PhysicalDeviceType type) {
  switch (type) {
    case vk::PhysicalDeviceType::eDiscreteGpu:
      return DeviceKind::kDiscrete;
    case vk::PhysicalDeviceType::eIntegratedGpu:
      return DeviceKind::kIntegrated;
    case vk::PhysicalDeviceType::eCpu:
      return DeviceKind::kCpuDriver;
    default:
      return DeviceKind::kVirtual;
  }
}

std::optional<std::uint32_t> find_compute_queue(const vk::raii::PhysicalDevice& device) {
  const auto families = device.getQueueFamilyProperties();
  for (std::uint32_t i = 0; i < families.size(); ++i) {
    if (families[i].queueFlags & vk::QueueFlagBits::eCompute) return i;
  }
  return std::nullopt;
}

std::size_t largest_device_heap(const vk::PhysicalDeviceMemoryProperties& memory) {
  std::size_t largest = 0;
  for (std::uint32_t i = 0; i < memory.memoryHeapCount; ++i) {
    const vk::MemoryHeap& heap = memory.memoryHeaps[i];
    if (heap.flags & vk::MemoryHeapFlagBits::eDeviceLocal) {
      largest = std::max<std::size_t>(largest, heap.size);
    }
  }
  return largest;
}

std::string version_string(std::uint32_t version) {
  return std::to_string(VK_API_VERSION_MAJOR(version)) + "." +
         std::to_string(VK_API_VERSION_MINOR(version)) + "." +
         std::to_string(VK_API_VERSION_PATCH(version));
}

DeviceInfo describe(const vk::raii::PhysicalDevice& device) {
  const auto chain =
      device.getProperties2<vk::PhysicalDeviceProperties2, vk::PhysicalDeviceVulkan11Properties,
                            vk::PhysicalDeviceVulkan12Properties>();
  const auto& base = chain.get<vk::PhysicalDeviceProperties2>().properties;
  const auto& v12 = chain.get<vk::PhysicalDeviceVulkan12Properties>();
  DeviceInfo info;
  info.name = base.deviceName.data();
  info.driver = std::string(v12.driverName.data()) + " " + v12.driverInfo.data();
  info.api_version = version_string(base.apiVersion);
  info.kind = kind_of(base.deviceType);
  info.subgroup_size = chain.get<vk::PhysicalDeviceVulkan11Properties>().subgroupSize;
  info.memory_bytes = largest_device_heap(device.getMemoryProperties());
  info.free_memory_bytes = estimate_free_memory(device, info.kind);
  return info;
}

// MemAvailable of /proc/meminfo; 0 where it cannot be read.
std::size_t available_host_memory() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  std::size_t kib = 0;
  while (file >> key >> kib) {
    if (key == "MemAvailable:") return kib * 1024;
    file.ignore(64, '\n');
  }
  return 0;
}

bool has_extension(const vk::raii::PhysicalDevice& device, const char* name) {
  const auto extensions = device.enumerateDeviceExtensionProperties();
  return std::any_of(extensions.begin(), extensions.end(), [&](const auto& extension) {
    return std::strcmp(extension.extensionName, name) == 0;
  });
}

}  // namespace

void ValidationLog::add(std::string message) {
  const std::lock_guard lock(mutex_);
  if (count_++ == 0) first_ = std::move(message);
}

std::string ValidationLog::first() const {
  const std::lock_guard lock(mutex_);
  return first_;
}

Result<std::unique_ptr<Instance>> create_instance(bool validation) try {
  auto result = std::make_unique<Instance>();
  vk::ApplicationInfo application("understory", 1, "understory", 1, VK_API_VERSION_1_2);
  vk::InstanceCreateInfo info({}, &application);

  const std::array<vk::ValidationFeatureEnableEXT, 1> enabled{
      vk::ValidationFeatureEnableEXT::eSynchronizationValidation};
  const vk::ValidationFeaturesEXT features(enabled);
  const vk::DebugUtilsMessengerCreateInfoEXT messenger(
      {}, vk::DebugUtilsMessageSeverityFlagBitsEXT::eError,
      vk::DebugUtilsMessageTypeFlagBitsEXT::eValidation |
          vk::DebugUtilsMessageTypeFlagBitsEXT::eGeneral,
      on_validation_message, nullptr);
  const std::array<const char*, 1> layers{kValidationLayer};
  const std::array<const char*, 1> extensions{VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
  if (validation) {
    if (!has_layer(result->context, kValidationLayer)) {
      return Error{ErrorCode::kUnsupported,
                   "the Vulkan validation layer is not installed: install the Debian package "
                   "vulkan-validationlayers"};
    }
    result->validation = std::make_unique<ValidationLog>();
    info.setPEnabledLayerNames(layers).setPEnabledExtensionNames(extensions).setPNext(&features);
  }
  result->instance = vk::raii::Instance(result->context, info);
  if (validation) {
    auto with_log = messenger;
    with_log.setPUserData(result->validation.get());
    result->messenger = vk::raii::DebugUtilsMessengerEXT(result->instance, with_log);
  }
  return result;
} catch (const std::exception& failure) {
  return Error{ErrorCode::kNoDevice, std::string(kNoDriver) + " (" + failure.what() + ")"};
}

Result<std::vector<Candidate>> list_candidates(const Instance& instance) try {
  std::vector<Candidate> candidates;
  for (auto& device : vk::raii::PhysicalDevices(instance.instance)) {
    const auto queue = find_compute_queue(device);
    if (!queue || device.getProperties().apiVersion < VK_API_VERSION_1_2) continue;
    DeviceInfo info = describe(device);
    candidates.push_back({std::move(device), *queue, std::move(info)});
  }
  if (candidates.empty()) return Error{ErrorCode::kNoDevice, kNoDriver};
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [](const Candidate& a, const Candidate& b) { return a.info.kind < b.info.kind; });
  return candidates;
} catch (const std::exception& failure) {
  return Error{ErrorCode::kNoDevice, std::string(kNoDriver) + " (" + failure.what() + ")"};
}

std::size_t estimate_free_memory(const vk::raii::PhysicalDevice& device, DeviceKind kind) {
  const auto memory = device.getMemoryProperties();
  if (kind == DeviceKind::kCpuDriver) {
    const std::size_t available = available_host_memory();
    const std::size_t heap = largest_device_heap(memory);
    return available == 0 ? heap : std::min(heap, available);
  }
  if (!has_extension(device, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME)) {
    return largest_device_heap(memory);
  }
  const auto chain = device.getMemoryProperties2<vk::PhysicalDeviceMemoryProperties2,
                                                 vk::PhysicalDeviceMemoryBudgetPropertiesEXT>();
  const auto& budget = chain.get<vk::PhysicalDeviceMemoryBudgetPropertiesEXT>();
  std::size_t most = 0;
  for (std::uint32_t i = 0; i < memory.memoryHeapCount; ++i) {
    if (!(memory.memoryHeaps[i].flags & vk::MemoryHeapFlagBits::eDeviceLocal)) continue;
    const std::size_t used = budget.heapUsage[i];
    most =
        std::max<std::size_t>(most, budget.heapBudget[i] > used ? budget.heapBudget[i] - used : 0);
  }
  return most;
}

}  // namespace understory::kernels::vulkan
