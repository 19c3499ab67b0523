// Compute pipelines by shader name, binding kinds and specialization constants; made on first
// use and warmed there, so that no later run pays for a compiler.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/vulkan/buffers.h"
#include "kernels/vulkan/device.h"

namespace understory::kernels::vulkan {

/// Push constants of every pipeline: what Vulkan guarantees.
inline constexpr std::uint32_t kPushConstantBytes = 128;

enum class BindingKind : char {
  kStorage = 's',  // std430 buffer
  kTexels = 't',   // uniform utextureBuffer, RGBA32UI
};

struct Pipeline {
  vk::DescriptorSetLayout set_layout;
  vk::PipelineLayout layout;
  vk::raii::Pipeline pipeline{nullptr};
};

class Pipelines {
 public:
  Pipelines(const Device& device, BufferFactory& buffers);
  ~Pipelines();

  /// `kinds`: one BindingKind letter per binding, from binding 0. `constants`: the value of
  /// specialization constant i. A shader must do nothing when all its push constants are zero:
  /// that is how it is warmed. Throws vk::SystemError; std::logic_error for an unknown shader.
  const Pipeline& get(std::string_view shader, std::string_view kinds,
                      std::span<const std::uint32_t> constants);

 private:
  struct Layout {
    vk::raii::DescriptorSetLayout set{nullptr};
    vk::raii::PipelineLayout pipeline{nullptr};
  };

  const Layout& layout(std::string_view kinds);
  std::unique_ptr<Pipeline> create(std::string_view shader, std::string_view kinds,
                                   std::span<const std::uint32_t> constants);
  void warm(const Pipeline& pipeline, std::string_view kinds);
  void load_cache();
  void save_cache() const;

  const Device& device_;
  BufferFactory& buffers_;
  Buffer warm_buffer_;
  vk::raii::PipelineCache cache_{nullptr};
  bool cache_grew_ = false;
  std::map<std::string, Layout, std::less<>> layouts_;
  std::map<std::string, std::unique_ptr<Pipeline>, std::less<>> pipelines_;
};

/// Descriptor sets for pipelines; freed together.
class DescriptorPools {
 public:
  explicit DescriptorPools(const Device& device) : device_(device) {}

  struct Entry {
    const Buffer* buffer = nullptr;
    BindingKind kind = BindingKind::kStorage;
  };
  vk::DescriptorSet make(const Pipeline& pipeline, std::span<const Entry> entries);

 private:
  vk::DescriptorSet allocate(vk::DescriptorSetLayout layout);

  const Device& device_;
  std::vector<vk::raii::DescriptorPool> pools_;
  std::uint32_t n_left_ = 0;
};

}  // namespace understory::kernels::vulkan
