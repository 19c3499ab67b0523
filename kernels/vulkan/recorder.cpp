#include "kernels/vulkan/recorder.h"

#include <cassert>

namespace understory::kernels::vulkan {
namespace {

void compute_barrier(const vk::raii::CommandBuffer& commands) {
  const vk::MemoryBarrier barrier(
      vk::AccessFlagBits::eShaderWrite,
      vk::AccessFlagBits::eShaderRead | vk::AccessFlagBits::eShaderWrite);
  constexpr auto stage = vk::PipelineStageFlagBits::eComputeShader;
  commands.pipelineBarrier(stage, stage, {}, barrier, {}, {});
}

}  // namespace

VulkanProgram::VulkanProgram(const Device& device)
    : commands_(device.handle(), {*device.command_pool(), vk::CommandBufferLevel::ePrimary, 1}),
      descriptors_(device) {}

const BufferStorage& storage_of(const std::shared_ptr<Storage>& storage) {
  return static_cast<const BufferStorage&>(*storage);
}

const MatrixStorage& storage_of(const Matrix& matrix) {
  return static_cast<const MatrixStorage&>(*matrix.storage);
}

const KvStorage& storage_of(const KvCache& cache) {
  return static_cast<const KvStorage&>(*cache.storage);
}

Binding reads_part(const Matrix& matrix, const MatrixPart& part, BindingKind kind) {
  return {matrix.storage, &part.buffer, Access::kRead, kind};
}

Binding reads_layer(const KvCache& cache, std::uint32_t layer, BindingKind kind) {
  return {cache.storage, &storage_of(cache).layers[layer], Access::kRead, kind};
}

Binding writes_layer(const KvCache& cache, std::uint32_t layer) {
  return {cache.storage, &storage_of(cache).layers[layer], Access::kWrite, BindingKind::kStorage};
}

Recorder::Recorder(const Device& device, Pipelines& pipelines, const Buffer& unused_buffer,
                   VulkanProgram& program)
    : device_(device), pipelines_(pipelines), unused_buffer_(unused_buffer), program_(program) {}

void Recorder::dispatch(std::string_view shader, std::span<const std::uint32_t> constants,
                        std::span<const Binding> bindings, std::span<const std::byte> push,
                        const Groups& groups) {
  if (groups.x == 0 || groups.y == 0 || groups.z == 0) return;
  assert(groups.x <= device_.limits().maxComputeWorkGroupCount[0] &&
         groups.y <= device_.limits().maxComputeWorkGroupCount[1] &&
         groups.z <= device_.limits().maxComputeWorkGroupCount[2]);
  std::string kinds;
  std::vector<DescriptorPools::Entry> entries;
  for (const Binding& binding : bindings) {
    kinds += static_cast<char>(binding.kind);
    entries.push_back({binding.buffer ? binding.buffer : &unused_buffer_, binding.kind});
    if (binding.owner) program_.kept_.insert(binding.owner);
  }
  const Pipeline& pipeline = pipelines_.get(shader, kinds, constants);
  const vk::DescriptorSet set = program_.descriptors_.make(pipeline, entries);
  order_after_conflicts(bindings);
  const vk::raii::CommandBuffer& commands = program_.commands();
  commands.bindPipeline(vk::PipelineBindPoint::eCompute, *pipeline.pipeline);
  commands.bindDescriptorSets(vk::PipelineBindPoint::eCompute, pipeline.layout, 0, set, {});
  const vk::ArrayProxy<const std::byte> values(static_cast<std::uint32_t>(push.size()),
                                               push.data());
  commands.pushConstants<std::byte>(pipeline.layout, vk::ShaderStageFlagBits::eCompute, 0, values);
  commands.dispatch(groups.x, groups.y, groups.z);
}

void Recorder::order_after_conflicts(std::span<const Binding> bindings) {
  const auto conflicts = [&](const Binding& binding) {
    const auto touched = since_barrier_.find(binding.buffer);
    if (touched == since_barrier_.end()) return false;
    return touched->second.written || binding.access != Access::kRead;
  };
  for (const Binding& binding : bindings) {
    if (!binding.buffer || !conflicts(binding)) continue;
    compute_barrier(program_.commands());
    since_barrier_.clear();
    break;
  }
  for (const Binding& binding : bindings) {
    if (!binding.buffer) continue;
    Touched& touched = since_barrier_[binding.buffer];
    touched.read |= binding.access != Access::kWrite;
    touched.written |= binding.access != Access::kRead;
  }
}

}  // namespace understory::kernels::vulkan
