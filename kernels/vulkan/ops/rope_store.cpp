#include <cassert>

#include "kernels/vulkan/recorder.h"

namespace understory::kernels::vulkan {
namespace {

struct Push {
  std::uint32_t n_heads;
  std::uint32_t n_kv_heads;
  std::uint32_t rope_dim;
  std::uint32_t block_size;
  std::uint32_t n_blocks;
};
static_assert(sizeof(Push) == 20);

constexpr std::uint32_t kWorkgroupSize = 128;

}  // namespace

void Recorder::rope_store(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& cos_sin,
                          RopePairing pairing, const KvCache& cache, std::uint32_t layer,
                          const Indices& slots, std::uint32_t n_rows) {
  assert(cache.head_dim % 8 == 0 && q.cols % cache.head_dim == 0);
  assert(k.cols == cache.n_kv_heads * cache.head_dim && v.cols == k.cols);
  assert(cos_sin.cols % 2 == 0 && cos_sin.cols <= cache.head_dim && layer < cache.n_layers);
  assert(n_rows <= q.max_rows && n_rows <= k.max_rows && n_rows <= v.max_rows);
  assert(n_rows <= cos_sin.max_rows && n_rows <= slots.size);
  const std::uint32_t workgroup_size = uses_lanes() ? subgroup_size() : kWorkgroupSize;
  dispatch("rope_store",
           {workgroup_size, cache.head_dim, pairing == RopePairing::kHalves, cos_sin.cols % 8 == 0},
           {reads_texels(q), reads_texels(k), reads_texels(v), reads_texels(cos_sin), reads(slots),
            updates(q), writes_layer(cache, layer)},
           Push{q.cols / cache.head_dim, cache.n_kv_heads, cos_sin.cols, cache.block_size,
                cache.n_blocks},
           {n_rows});
}

}  // namespace understory::kernels::vulkan
