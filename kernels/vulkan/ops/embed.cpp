#include "kernels/vulkan/recorder.h"
#include "kernels/vulkan/weight_shaders.h"
#include "kernels/vulkan/weights.h"

namespace understory::kernels::vulkan {
namespace {

constexpr std::uint32_t kColsPerInvocation = 8;  // of embed_blocks
constexpr std::uint32_t kColsPerBlock = 32;      // an invocation's share in embed_lanes
constexpr std::uint32_t kInvocationsOnGpu = 64;

// Push constants of embed_blocks.comp and embed_lanes.comp.
struct Push {
  std::uint32_t n_rows;
  std::uint32_t cols;
  std::uint32_t first_row;  // of the table's part
  std::uint32_t part_rows;
  std::uint32_t row_size;  // words a row (blocks), texels a tile and lane (lanes)
  float scale;
};
static_assert(sizeof(Push) == 24);

}  // namespace

void Recorder::embed(const Matrix& table, const Indices& tokens, const Tensor& out,
                     std::uint32_t n_rows, float scale) {
  const std::uint32_t local_size = device().is_cpu_driver() ? subgroup_size() : kInvocationsOnGpu;
  const std::uint32_t cols_per_group =
      local_size * (uses_lanes() ? kColsPerBlock : kColsPerInvocation);
  const Groups groups{(table.cols + cols_per_group - 1) / cols_per_group, n_rows};
  for (const MatrixPart& part : storage_of(table).parts) {
    Push push{n_rows, table.cols, part.first_row, part.n_rows, 0, scale};
    if (uses_lanes()) {
      const LaneStep step = lane_step(table.type);
      push.row_size = (table.cols + step.cols - 1) / step.cols * step.texels;
      dispatch(weight_shader("embed_lanes", table.type), {local_size, subgroup_size()},
               {reads_part(table, part, BindingKind::kTexels), reads(tokens), writes(out)}, push,
               groups);
    } else {
      push.row_size = block_row_words(table.type, table.cols);
      dispatch(weight_shader("embed_blocks", table.type), {local_size},
               {reads_part(table, part, BindingKind::kStorage), reads(tokens), writes(out)}, push,
               groups);
    }
  }
}

}  // namespace understory::kernels::vulkan
