#include "kernels/vulkan/bandwidth.h"

#include <algorithm>
#include <chrono>

namespace understory::kernels::vulkan {
namespace {

constexpr std::size_t kBufferBytes = 128u << 20;  // what every device can bind
constexpr std::uint32_t kInvocations = 64;
constexpr std::uint32_t kTexelsPerInvocation = 256;
constexpr int kRuns = 5;

}  // namespace

double measure_read_gb_s(const Device& device, BufferFactory& buffers, Pipelines& pipelines) {
  const Buffer data = buffers.create(kBufferBytes, MemoryUse::kWeights, true);
  buffers.fill_zero(data);
  const Buffer out = buffers.create(16, MemoryUse::kWeights, false);
  const std::uint32_t local_size =
      device.is_cpu_driver() ? device.info().subgroup_size : kInvocations;
  const bool texels =
      static_cast<VkBufferView>(*data.texels) != VK_NULL_HANDLE && device.is_cpu_driver();
  const BindingKind kind = texels ? BindingKind::kTexels : BindingKind::kStorage;
  const std::string kinds{static_cast<char>(kind), static_cast<char>(BindingKind::kStorage)};
  const std::array<std::uint32_t, 1> constants{local_size};
  const Pipeline& pipeline = pipelines.get(texels ? "read_texels" : "read_words", kinds, constants);
  DescriptorPools pools(device);
  const std::array<DescriptorPools::Entry, 2> entries{
      DescriptorPools::Entry{&data, kind}, DescriptorPools::Entry{&out, BindingKind::kStorage}};
  const vk::DescriptorSet set = pools.make(pipeline, entries);
  const auto n_texels = static_cast<std::uint32_t>(kBufferBytes / 16);

  double best_s = 1e9;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    device.run_once([&](const vk::raii::CommandBuffer& commands) {
      commands.bindPipeline(vk::PipelineBindPoint::eCompute, *pipeline.pipeline);
      commands.bindDescriptorSets(vk::PipelineBindPoint::eCompute, pipeline.layout, 0, set, {});
      commands.pushConstants<std::uint32_t>(pipeline.layout, vk::ShaderStageFlagBits::eCompute, 0,
                                            kTexelsPerInvocation);
      commands.dispatch(n_texels / (local_size * kTexelsPerInvocation), 1, 1);
    });
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best_s = std::min(best_s, elapsed.count());
  }
  return static_cast<double>(kBufferBytes) / best_s * 1e-9;
}

}  // namespace understory::kernels::vulkan
