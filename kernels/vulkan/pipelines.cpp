#include "kernels/vulkan/pipelines.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "kernels/vulkan/shader_table.h"

namespace understory::kernels::vulkan {
namespace {

constexpr std::size_t kWarmBufferBytes = 64u << 10;
constexpr std::uint32_t kSetsPerPool = 256;
constexpr std::uint32_t kMaxBindings = 12;

std::filesystem::path cache_folder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) {
    return std::filesystem::path(cache) / "understory";
  }
  if (const char* home = std::getenv("HOME"); home && *home) {
    return std::filesystem::path(home) / ".cache" / "understory";
  }
  return {};
}

// One file per driver build, named by its pipeline cache UUID.
std::filesystem::path cache_file(const Device& device) {
  const std::filesystem::path folder = cache_folder();
  if (folder.empty()) return {};
  constexpr const char* kHex = "0123456789abcdef";
  std::string name = "pipelines-";
  for (const std::uint8_t byte : device.physical().getProperties().pipelineCacheUUID) {
    name += kHex[byte >> 4];
    name += kHex[byte & 0xf];
  }
  return folder / (name + ".bin");
}

std::string key_of(std::string_view shader, std::string_view kinds,
                   std::span<const std::uint32_t> constants) {
  std::string key(shader);
  key.append(1, '/').append(kinds);
  for (const std::uint32_t constant : constants)
    key.append(1, ',').append(std::to_string(constant));
  return key;
}

vk::DescriptorType descriptor_type(BindingKind kind) {
  switch (kind) {
    case BindingKind::kTexels:
      return vk::DescriptorType::eUniformTexelBuffer;
    case BindingKind::kStorage:
      break;
  }
  return vk::DescriptorType::eStorageBuffer;
}

}  // namespace

Pipelines::Pipelines(const Device& device, BufferFactory& buffers)
    : device_(device), buffers_(buffers) {
  load_cache();
  warm_buffer_ = buffers_.create(kWarmBufferBytes, MemoryUse::kWeights, true);
  buffers_.fill_zero(warm_buffer_);
}

Pipelines::~Pipelines() {
  save_cache();
}

const Pipeline& Pipelines::get(std::string_view shader, std::string_view kinds,
                               std::span<const std::uint32_t> constants) {
  const std::string key = key_of(shader, kinds, constants);
  if (const auto found = pipelines_.find(key); found != pipelines_.end()) return *found->second;
  auto pipeline = create(shader, kinds, constants);
  if (device_.is_cpu_driver()) warm(*pipeline, kinds);
  cache_grew_ = true;
  return *pipelines_.emplace(key, std::move(pipeline)).first->second;
}

const Pipelines::Layout& Pipelines::layout(std::string_view kinds) {
  if (const auto found = layouts_.find(kinds); found != layouts_.end()) return found->second;
  std::vector<vk::DescriptorSetLayoutBinding> bindings;
  for (const char kind : kinds) {
    bindings.emplace_back(static_cast<std::uint32_t>(bindings.size()),
                          descriptor_type(static_cast<BindingKind>(kind)), 1,
                          vk::ShaderStageFlagBits::eCompute);
  }
  Layout made;
  made.set = vk::raii::DescriptorSetLayout(device_.handle(),
                                           vk::DescriptorSetLayoutCreateInfo({}, bindings));
  const vk::PushConstantRange push(vk::ShaderStageFlagBits::eCompute, 0, kPushConstantBytes);
  made.pipeline =
      vk::raii::PipelineLayout(device_.handle(), vk::PipelineLayoutCreateInfo({}, *made.set, push));
  return layouts_.emplace(std::string(kinds), std::move(made)).first->second;
}

std::unique_ptr<Pipeline> Pipelines::create(std::string_view shader, std::string_view kinds,
                                            std::span<const std::uint32_t> constants) {
  const auto words = find_shader(shader);
  if (words.empty()) throw std::logic_error("no shader named " + std::string(shader));
  const vk::raii::ShaderModule module(
      device_.handle(), vk::ShaderModuleCreateInfo({}, words.size_bytes(), words.data()));

  std::vector<vk::SpecializationMapEntry> entries;
  for (std::uint32_t id = 0; id < constants.size(); ++id) {
    entries.emplace_back(id, id * 4, 4);
  }
  const vk::SpecializationInfo specialization(static_cast<std::uint32_t>(entries.size()),
                                              entries.data(), constants.size_bytes(),
                                              constants.data());
  const vk::PipelineShaderStageCreateInfo stage({}, vk::ShaderStageFlagBits::eCompute, *module,
                                                "main", &specialization);
  const Layout& made = layout(kinds);
  auto result = std::make_unique<Pipeline>();
  result->set_layout = *made.set;
  result->layout = *made.pipeline;
  result->pipeline = vk::raii::Pipeline(device_.handle(), cache_,
                                        vk::ComputePipelineCreateInfo({}, stage, *made.pipeline));
  return result;
}

// CPU drivers compile at the first dispatch rather than here.
void Pipelines::warm(const Pipeline& pipeline, std::string_view kinds) {
  DescriptorPools pools(device_);
  std::vector<DescriptorPools::Entry> entries;
  for (const char kind : kinds) entries.push_back({&warm_buffer_, static_cast<BindingKind>(kind)});
  const vk::DescriptorSet set = pools.make(pipeline, entries);
  device_.run_once([&](const vk::raii::CommandBuffer& commands) {
    const std::array<std::uint32_t, kPushConstantBytes / 4> zeros{};
    commands.bindPipeline(vk::PipelineBindPoint::eCompute, *pipeline.pipeline);
    commands.bindDescriptorSets(vk::PipelineBindPoint::eCompute, pipeline.layout, 0, set, {});
    commands.pushConstants<std::uint32_t>(pipeline.layout, vk::ShaderStageFlagBits::eCompute, 0,
                                          zeros);
    commands.dispatch(1, 1, 1);
  });
}

void Pipelines::load_cache() {
  std::vector<char> bytes;
  if (const auto path = cache_file(device_); !path.empty()) {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  // The driver checks header and version itself and ignores what is not its own.
  cache_ = vk::raii::PipelineCache(device_.handle(),
                                   vk::PipelineCacheCreateInfo({}, bytes.size(), bytes.data()));
}

void Pipelines::save_cache() const {
  if (!cache_grew_) return;
  const auto path = cache_file(device_);
  if (path.empty()) return;
  try {
    const std::vector<std::uint8_t> bytes = cache_.getData();
    std::filesystem::create_directories(path.parent_path());
    auto temporary = path;
    temporary += "." + std::to_string(getpid());
    std::ofstream file(temporary, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (file) std::filesystem::rename(temporary, path);
  } catch (const std::exception&) {
    // Only a cache: the next start compiles again.
  }
}

vk::DescriptorSet DescriptorPools::make(const Pipeline& pipeline, std::span<const Entry> entries) {
  const vk::DescriptorSet set = allocate(pipeline.set_layout);
  std::array<vk::DescriptorBufferInfo, kMaxBindings> infos;
  std::array<vk::BufferView, kMaxBindings> views;
  std::vector<vk::WriteDescriptorSet> writes;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const auto& [buffer, kind] = entries[i];
    infos[i] = vk::DescriptorBufferInfo(*buffer->buffer, 0, VK_WHOLE_SIZE);
    views[i] = *buffer->texels;
    vk::WriteDescriptorSet write(set, i, 0, 1, descriptor_type(kind));
    kind == BindingKind::kTexels ? write.setPTexelBufferView(&views[i])
                                 : write.setPBufferInfo(&infos[i]);
    writes.push_back(write);
  }
  device_.handle().updateDescriptorSets(writes, {});
  return set;
}

vk::DescriptorSet DescriptorPools::allocate(vk::DescriptorSetLayout layout) {
  if (n_left_ == 0) {
    const std::array<vk::DescriptorPoolSize, 2> sizes{
        vk::DescriptorPoolSize(vk::DescriptorType::eStorageBuffer, kSetsPerPool * kMaxBindings),
        vk::DescriptorPoolSize(vk::DescriptorType::eUniformTexelBuffer,
                               kSetsPerPool * kMaxBindings)};
    pools_.emplace_back(device_.handle(), vk::DescriptorPoolCreateInfo({}, kSetsPerPool, sizes));
    n_left_ = kSetsPerPool;
  }
  --n_left_;
  // The raii set would free itself one by one; these go with their pool.
  auto sets = device_.handle().allocateDescriptorSets({*pools_.back(), layout});
  return sets.front().release();
}

}  // namespace understory::kernels::vulkan
