#include "kernels/vulkan/device.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <limits>

namespace understory::kernels::vulkan {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 6 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
}

Result<std::size_t> choose(const std::vector<Candidate>& candidates, const std::string& wanted) {
  if (wanted.empty()) return std::size_t{0};
  if (is_number(wanted) && std::stoul(wanted) < candidates.size()) {
    return std::size_t{std::stoul(wanted)};
  }
  std::string known;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::string& name = candidates[i].info.name;
    if (!is_number(wanted) && lower(name).find(lower(wanted)) != std::string::npos) return i;
    known += (i ? ", " : "") + std::to_string(i) + ": " + name;
  }
  return Error{ErrorCode::kNoDevice,
               "no device matches \"" + wanted + "\"; there is " + known +
                   ". A GPU's driver comes with the Debian package mesa-vulkan-drivers or its "
                   "vendor's"};
}

std::string family_name(KernelFamily family, DeviceKind kind) {
  if (family == KernelFamily::kAutomatic) {
    family = kind == DeviceKind::kCpuDriver ? KernelFamily::kLanes : KernelFamily::kSubgroup;
  }
  return family == KernelFamily::kLanes ? "lanes" : "subgroup";
}

}  // namespace

Result<std::unique_ptr<Device>> Device::open(const VulkanOptions& options) try {
  auto instance = create_instance(options.validation);
  if (!instance) return instance.error();
  auto candidates = list_candidates(**instance);
  if (!candidates) return candidates.error();
  const auto index = choose(*candidates, options.device);
  if (!index) return index.error();
  Candidate& chosen = (*candidates)[index.value()];

  std::unique_ptr<Device> result(new Device());
  result->instance_ = std::move(*instance);
  result->physical_ = std::move(chosen.device);
  result->info_ = std::move(chosen.info);
  result->info_.kernel_family = family_name(options.family, result->info_.kind);
  result->limits_ = result->physical_.getProperties().limits;
  result->memory_ = result->physical_.getMemoryProperties();
  result->staging_ = options.staging || result->info_.kind == DeviceKind::kDiscrete ||
                     result->info_.kind == DeviceKind::kVirtual;

  const float priority = 1.0f;
  const vk::DeviceQueueCreateInfo queue({}, chosen.queue_family, 1, &priority);
  vk::PhysicalDeviceFeatures features;
  features.robustBufferAccess = options.validation;
  result->device_ =
      vk::raii::Device(result->physical_, vk::DeviceCreateInfo({}, queue, {}, {}, &features));
  result->queue_ = result->device_.getQueue(chosen.queue_family, 0);
  result->command_pool_ = vk::raii::CommandPool(
      result->device_, {vk::CommandPoolCreateFlagBits::eResetCommandBuffer, chosen.queue_family});
  result->fence_ = vk::raii::Fence(result->device_, vk::FenceCreateInfo());
  return result;
} catch (const vk::SystemError& failure) {
  return Error{ErrorCode::kNoDevice,
               std::string("the Vulkan device could not be opened: ") + failure.what()};
}

std::size_t Device::n_validation_errors() const {
  return instance_->validation ? instance_->validation->count() : 0;
}

std::string Device::first_validation_error() const {
  return instance_->validation ? instance_->validation->first() : std::string{};
}

void Device::submit_and_wait(const vk::raii::CommandBuffer& commands) const {
  queue_.submit(vk::SubmitInfo({}, {}, *commands), *fence_);
  const auto waited =
      device_.waitForFences(*fence_, true, std::numeric_limits<std::uint64_t>::max());
  if (waited != vk::Result::eSuccess) vk::throwResultException(waited, "waitForFences");
  device_.resetFences(*fence_);
}

void Device::run_once(const std::function<void(const vk::raii::CommandBuffer&)>& body) const {
  const vk::raii::CommandBuffers buffers(device_,
                                         {*command_pool_, vk::CommandBufferLevel::ePrimary, 1});
  const vk::raii::CommandBuffer& commands = buffers.front();
  commands.begin({vk::CommandBufferUsageFlagBits::eOneTimeSubmit});
  body(commands);
  commands.end();
  submit_and_wait(commands);
}

void full_barrier(const vk::raii::CommandBuffer& commands) {
  const vk::MemoryBarrier barrier(
      vk::AccessFlagBits::eMemoryWrite,
      vk::AccessFlagBits::eMemoryRead | vk::AccessFlagBits::eMemoryWrite);
  const auto all = vk::PipelineStageFlagBits::eAllCommands;
  commands.pipelineBarrier(all, all | vk::PipelineStageFlagBits::eHost, {}, barrier, {}, {});
}

}  // namespace understory::kernels::vulkan
