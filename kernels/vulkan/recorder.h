// Records ops into a command buffer: Ops for the Vulkan backend.
//
// Each op is one file in ops/, which defines the Recorder's method of that name. It chooses a
// shader, its specialization constants and its bindings, and calls dispatch():
//
//   struct Push { std::uint32_t n_rows, cols; };          // mirrors the shader's push constants
//   static_assert(sizeof(Push) == 8);
//   void Recorder::gather_rows(...) {
//     dispatch("gather_rows", {subgroup_size()}, {reads(in), reads(rows), writes(out)},
//              Push{n_rows, in.cols}, {n_rows});
//   }
//
// Binding i of the shader is entry i of the list; specialization constant i is entry i of its
// list. What a binding says about reading and writing is what barriers are made from: one is
// recorded only where a dispatch touches what an earlier one wrote, or writes what an earlier
// one read, since the last barrier. kernels/shaders/*.comp and ops/*.cpp join the build by
// themselves. A shader must do nothing when its push constants are all zero (see Pipelines).
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kernels/vulkan/buffers.h"
#include "kernels/vulkan/pipelines.h"

namespace understory::kernels::vulkan {

class VulkanProgram final : public Program {
 public:
  explicit VulkanProgram(const Device& device);
  const vk::raii::CommandBuffer& commands() const { return commands_.front(); }

 private:
  friend class Recorder;
  vk::raii::CommandBuffers commands_;
  DescriptorPools descriptors_;
  std::unordered_set<std::shared_ptr<Storage>> kept_;
};

enum class Access { kRead, kWrite, kReadWrite };

struct Binding {
  std::shared_ptr<Storage> owner;
  const Buffer* buffer = nullptr;  // null: a binding that this dispatch does not use
  Access access = Access::kRead;
  BindingKind kind = BindingKind::kStorage;
};

const BufferStorage& storage_of(const std::shared_ptr<Storage>& storage);
const MatrixStorage& storage_of(const Matrix& matrix);
const KvStorage& storage_of(const KvCache& cache);

/// Handles with a buffer of their own: Tensor, Indices, Vector. A handle without storage gives
/// an unused binding.
template <class Handle>
Binding bind(const Handle& handle, Access access) {
  if (!handle.storage) return {};
  return {handle.storage, &storage_of(handle.storage).buffer, access, BindingKind::kStorage};
}
template <class Handle>
Binding reads(const Handle& handle) {
  return bind(handle, Access::kRead);
}
template <class Handle>
Binding writes(const Handle& handle) {
  return bind(handle, Access::kWrite);
}
/// Reads and writes.
template <class Handle>
Binding updates(const Handle& handle) {
  return bind(handle, Access::kReadWrite);
}
inline Binding unused() {
  return {};
}
/// A texel view of a Tensor, Indices or Vector, for reads only.
template <class Handle>
Binding reads_texels(const Handle& handle) {
  Binding binding = reads(handle);
  binding.kind = BindingKind::kTexels;
  return binding;
}

inline bool has_texels(const Tensor& tensor) {
  return static_cast<VkBufferView>(*storage_of(tensor.storage).buffer.texels) != VK_NULL_HANDLE;
}

Binding reads_part(const Matrix& matrix, const MatrixPart& part, BindingKind kind);
/// One layer's K and V; see KvStorage for the layout.
Binding reads_layer(const KvCache& cache, std::uint32_t layer, BindingKind kind);
Binding writes_layer(const KvCache& cache, std::uint32_t layer);

struct Groups {
  std::uint32_t x = 1;
  std::uint32_t y = 1;
  std::uint32_t z = 1;
};

class Recorder final : public Ops {
 public:
  Recorder(const Device& device, Pipelines& pipelines, const Buffer& unused_buffer,
           VulkanProgram& program);

  void embed(const Matrix& table, const Indices& tokens, const Tensor& out, std::uint32_t n_rows,
             float scale) override;
  void rms_norm(const Tensor& in, const Vector& weight, const Tensor& out, std::uint32_t n_rows,
                float eps, bool accumulate) override;
  void matmul_into(const Matrix& w, const Tensor& in, std::span<const Tensor> outs,
                   std::uint32_t n_rows, const Epilogue& epilogue) override;
  void norm_matmul_into(const Tensor& in, const Norm& norm, const Tensor& normed, const Matrix& w,
                        std::span<const Tensor> outs, std::uint32_t n_rows,
                        const Epilogue& epilogue) override;
  void rope_store(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& cos_sin,
                  RopePairing pairing, const KvCache& cache, std::uint32_t layer,
                  const Indices& slots, std::uint32_t n_rows) override;
  void attention(const Tensor& q, const KvCache& cache, std::uint32_t layer, const RowInputs& rows,
                 const Tensor& out, std::uint32_t n_rows, const AttentionParams& params) override;
  void gather_rows(const Tensor& in, const Indices& rows, const Tensor& out,
                   std::uint32_t n_rows) override;
  void top_k(const Tensor& in, std::uint32_t k, const Indices& ids, const Tensor& values,
             const Tensor& logsumexp, std::uint32_t n_rows) override;

 private:
  struct Matmul;
  void record_matmul(const Matrix& w, const Tensor& in, std::span<const Tensor> outs,
                     std::uint32_t n_rows, const Epilogue& epilogue, const Norm& norm);
  bool lanes_read_texels(const Matrix& w, const Tensor& in) const;
  void matmul_lanes(const Matmul& op, const MatrixPart& part);
  void matmul_blocks(const Matmul& op, const MatrixPart& part);

  /// Records one dispatch, after a barrier where it needs one. Push is a struct of 4-byte
  /// members, at most kPushConstantBytes. Nothing is recorded for an empty grid.
  template <class Push>
  void dispatch(std::string_view shader, std::initializer_list<std::uint32_t> constants,
                std::initializer_list<Binding> bindings, const Push& push, const Groups& groups) {
    static_assert(sizeof(Push) <= kPushConstantBytes && sizeof(Push) % 4 == 0);
    dispatch(shader, {constants.begin(), constants.size()}, {bindings.begin(), bindings.size()},
             std::as_bytes(std::span(&push, 1)), groups);
  }
  void dispatch(std::string_view shader, std::span<const std::uint32_t> constants,
                std::span<const Binding> bindings, std::span<const std::byte> push,
                const Groups& groups);

  const Device& device() const { return device_; }
  std::uint32_t subgroup_size() const { return device_.info().subgroup_size; }
  bool uses_lanes() const { return device_.uses_lanes(); }

  struct Touched {
    bool read = false;
    bool written = false;
  };
  void order_after_conflicts(std::span<const Binding> bindings);

  const Device& device_;
  Pipelines& pipelines_;
  const Buffer& unused_buffer_;
  VulkanProgram& program_;
  std::unordered_map<const Buffer*, Touched> since_barrier_;
};

/// Compiles every matmul and embed pipeline that weights of this type can need.
void prepare_weight_pipelines(const Device& device, Pipelines& pipelines, DType type);

}  // namespace understory::kernels::vulkan
