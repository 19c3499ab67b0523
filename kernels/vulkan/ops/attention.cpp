#include <algorithm>
#include <cassert>

#include "kernels/vulkan/recorder.h"

namespace understory::kernels::vulkan {
namespace {

struct Push {
  std::uint32_t n_kv_heads;
  std::uint32_t heads_per_kv_head;
  std::uint32_t blocks_per_sequence;
  std::uint32_t n_blocks;
  std::uint32_t window;
  float scale;
  float softcap;
};
static_assert(sizeof(Push) == 28);

// Elements of the weighted values that a lane may hold for all its heads before registers spill.
constexpr std::uint32_t kMaxValuesPerLane = 64;
constexpr std::uint32_t kMaxHeadsPerGroup = 8;
// Elements of q that are kept unpacked, which unrolls the loop over them.
constexpr std::uint32_t kMaxPreloadedQ = 256;

// The shape of the work; it must not depend on the batch, or a row's sums would.
struct Plan {
  std::uint32_t n_subgroups;
  std::uint32_t repeats;
  std::uint32_t heads;
  std::uint32_t position_groups;
  bool preload_q;
};

/// As many heads of a KV head as fit, so that each K and V is loaded for all of them at once.
std::uint32_t choose_heads(std::uint32_t heads_per_kv_head, std::uint32_t values_per_head) {
  const std::uint32_t most =
      std::min(kMaxHeadsPerGroup, std::max(kMaxValuesPerLane / values_per_head, 1u));
  for (std::uint32_t heads = std::min(most, heads_per_kv_head); heads > 1; --heads) {
    if (heads_per_kv_head % heads == 0) return heads;
  }
  return 1;
}

Plan make_plan(bool lanes, std::uint32_t subgroup_size, std::uint32_t head_dim,
               std::uint32_t heads_per_kv_head) {
  const std::uint32_t head_texels = head_dim / 8;
  const std::uint32_t values_per_head = (head_texels + subgroup_size - 1) / subgroup_size * 8;
  const std::uint32_t heads = choose_heads(heads_per_kv_head, values_per_head);
  // A shuffle is a loop over the lanes on CPU drivers, and idle lanes cost nothing there.
  if (lanes && heads * head_dim <= kMaxPreloadedQ) return {1, 2, heads, 1, true};
  if (lanes) return {1, 4, heads, 1, false};
  return {4, 1, heads, std::max(subgroup_size / head_texels, 1u), false};
}

}  // namespace

void Recorder::attention(const Tensor& q, const KvCache& cache, std::uint32_t layer,
                         const RowInputs& rows, const Tensor& out, std::uint32_t n_rows,
                         const AttentionParams& params) {
  assert(cache.head_dim % 8 == 0 && params.n_heads % cache.n_kv_heads == 0);
  assert(q.cols == params.n_heads * cache.head_dim && out.cols == q.cols);
  assert(layer < cache.n_layers && rows.blocks_per_sequence != 0);
  assert(n_rows <= q.max_rows && n_rows <= out.max_rows);
  assert(n_rows <= rows.positions.size && n_rows <= rows.sequences.size);
  const std::uint32_t heads_per_kv_head = params.n_heads / cache.n_kv_heads;
  const Plan plan = make_plan(uses_lanes(), subgroup_size(), cache.head_dim, heads_per_kv_head);
  dispatch("attention",
           {plan.n_subgroups * subgroup_size(), plan.n_subgroups, subgroup_size(), cache.head_dim,
            plan.heads, plan.repeats, cache.block_size, plan.position_groups, params.softcap != 0,
            plan.preload_q},
           {reads_texels(q), reads_layer(cache, layer, BindingKind::kTexels), reads(rows.positions),
            reads(rows.sequences), reads(rows.block_tables), writes(out)},
           Push{cache.n_kv_heads, heads_per_kv_head, rows.blocks_per_sequence, cache.n_blocks,
                params.sliding_window, params.scale, params.softcap},
           {params.n_heads / plan.heads, n_rows});
}

}  // namespace understory::kernels::vulkan
