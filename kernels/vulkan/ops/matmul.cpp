#include <algorithm>
#include <array>
#include <string>

#include "kernels/vulkan/recorder.h"
#include "kernels/vulkan/weight_shaders.h"
#include "kernels/vulkan/weights.h"

namespace understory::kernels::vulkan {
namespace {

constexpr std::uint32_t kBias = 1;
constexpr std::uint32_t kSilu = 2;
constexpr std::uint32_t kGelu = 4;
constexpr std::uint32_t kAccumulate = 8;

// Rows of `in` that one invocation of matmul_lanes handles, most first.
constexpr std::array<std::uint32_t, 4> kLaneTokens{8, 4, 2, 1};

// Rows of `in`, and of the matrix, that one subgroup of matmul_blocks handles. More rows of the
// matrix use each activation more often, but leave fewer subgroups for a step of few rows.
struct BlocksVariant {
  std::uint32_t tokens;
  std::uint32_t rows;
};
constexpr std::array<BlocksVariant, 4> kBlocksVariants{{{1, 1}, {4, 1}, {8, 1}, {8, 4}}};
constexpr std::uint32_t kBlocksSubgroups = 4;
constexpr std::uint32_t kBlocksMaxGroups = 65535;

// Push constants of matmul_lanes.comp.
struct LanesPush {
  std::uint32_t n_rows;
  std::uint32_t first_row;
  std::uint32_t bound_row;
  std::uint32_t cols;
  std::uint32_t out_rows;
  std::uint32_t first_out;
  std::uint32_t part_rows;
  std::uint32_t n_steps;
  std::uint32_t epilogue;
};
static_assert(sizeof(LanesPush) == 36);

// Push constants of matmul_blocks.comp.
struct BlocksPush {
  std::uint32_t n_rows;
  std::uint32_t cols;
  std::uint32_t out_rows;
  std::uint32_t first_out;
  std::uint32_t part_rows;
  std::uint32_t row_words;
  std::uint32_t epilogue;
};
static_assert(sizeof(BlocksPush) == 28);

std::uint32_t epilogue_bits(const Epilogue& epilogue) {
  std::uint32_t bits = 0;
  if (epilogue.bias) bits |= kBias;
  if (epilogue.gate) bits |= *epilogue.gate == Activation::kSilu ? kSilu : kGelu;
  if (epilogue.accumulate) bits |= kAccumulate;
  return bits;
}

std::uint32_t ceil_div(std::uint32_t a, std::uint32_t b) {
  return (a + b - 1) / b;
}

std::uint32_t blocks_subgroups(const Device& device) {
  return device.is_cpu_driver() ? 1 : kBlocksSubgroups;
}

const BlocksVariant& blocks_variant(std::uint32_t n_rows) {
  return *std::find_if(kBlocksVariants.begin(), kBlocksVariants.end() - 1,
                       [&](const BlocksVariant& variant) { return n_rows <= variant.tokens; });
}

}  // namespace

void prepare_weight_pipelines(const Device& device, Pipelines& pipelines, DType type) {
  const auto prepare = [&](std::string_view name, std::string_view kinds,
                           std::initializer_list<std::uint32_t> constants) {
    pipelines.get(weight_shader(name, type), kinds, {constants.begin(), constants.size()});
  };
  if (device.uses_lanes()) {
    for (const std::uint32_t tokens : kLaneTokens) {
      prepare("matmul_lanes", "tusss", {device.info().subgroup_size, tokens});
    }
    return;
  }
  const std::uint32_t local_size = blocks_subgroups(device) * device.info().subgroup_size;
  for (const BlocksVariant& variant : kBlocksVariants) {
    prepare("matmul_blocks", "sssss", {local_size, variant.tokens, variant.rows});
  }
}

// The widest variant first, as many rows at once as one binding of `in` holds.
void Recorder::matmul_lanes(const Matrix& w, const MatrixPart& part, const Tensor& in,
                            const Epilogue& epilogue, const Binding& destination,
                            std::uint32_t n_rows) {
  const std::uint32_t bound_rows = uniform_rows(device(), w.cols);
  const bool uniform = bound_rows > 0 && in.cols == w.cols;
  const std::string shader =
      weight_shader(uniform ? "matmul_lanes" : "matmul_lanes_storage", w.type);
  const std::uint32_t n_steps = ceil_div(w.cols, lane_step(w.type).cols);
  const std::uint32_t tiles = ceil_div(part.n_rows, kRowsPerLane * subgroup_size());
  for (std::uint32_t row = 0; row < n_rows;) {
    const std::uint32_t rows = uniform ? std::min(n_rows - row, bound_rows) : n_rows - row;
    const std::uint32_t tokens =
        *std::find_if(kLaneTokens.begin(), kLaneTokens.end(),
                      [&](std::uint32_t variant) { return variant <= rows; });
    const std::uint32_t groups = rows / tokens;
    const LanesPush push{n_rows,      row,     uniform ? row : 0,
                         w.cols,      w.rows,  part.first_row,
                         part.n_rows, n_steps, epilogue_bits(epilogue)};
    dispatch(
        shader, {subgroup_size(), tokens},
        {reads_part(w, part, BindingKind::kTexels), uniform ? reads_uniform(in, row) : reads(in),
         reads(epilogue.bias), reads(epilogue.gate_input), destination},
        push, {tiles, groups});
    row += groups * tokens;
  }
}

void Recorder::matmul(const Matrix& w, const Tensor& in, const Tensor& out, std::uint32_t n_rows,
                      const Epilogue& epilogue) {
  const Binding destination = epilogue.accumulate ? updates(out) : writes(out);
  for (const MatrixPart& part : storage_of(w).parts) {
    if (uses_lanes()) {
      matmul_lanes(w, part, in, epilogue, destination, n_rows);
      continue;
    }
    const BlocksPush push{n_rows,
                          w.cols,
                          w.rows,
                          part.first_row,
                          part.n_rows,
                          block_row_words(w.type, w.cols),
                          epilogue_bits(epilogue)};
    const BlocksVariant& variant = blocks_variant(n_rows);
    const std::uint32_t subgroups = blocks_subgroups(device());
    const std::uint32_t groups = ceil_div(part.n_rows, subgroups * variant.rows);
    dispatch(weight_shader("matmul_blocks", w.type),
             {subgroups * subgroup_size(), variant.tokens, variant.rows},
             {reads_part(w, part, BindingKind::kStorage), reads(in), reads(epilogue.bias),
              reads(epilogue.gate_input), destination},
             push, {std::min(groups, kBlocksMaxGroups), ceil_div(n_rows, variant.tokens)});
  }
}

}  // namespace understory::kernels::vulkan
