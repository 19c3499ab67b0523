#include <algorithm>
#include <array>
#include <cassert>
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
constexpr std::uint32_t kPairs = 16;
constexpr std::uint32_t kSplit = 32;
constexpr std::uint32_t kNorm = 64;  // of the input; matmul_lanes only

// Rows of `in` that one invocation of matmul_lanes handles, most first.
constexpr std::array<std::uint32_t, 6> kLaneTokens{8, 6, 5, 4, 2, 1};

constexpr std::uint32_t kMinShuffleLanes = 4;  // matmul_lanes shuffles among four or eight

// Rows of `in`, and of the matrix, that one subgroup of matmul_blocks handles. More rows of the
// matrix use each activation more often, but leave fewer subgroups for a step of few rows.
struct BlocksVariant {
  std::uint32_t tokens;
  std::uint32_t rows;
};
constexpr std::array<BlocksVariant, 4> kBlocksVariants{{{1, 1}, {4, 1}, {8, 1}, {8, 4}}};
constexpr std::array<BlocksVariant, 4> kBlocksPairVariants{{{1, 2}, {4, 2}, {8, 2}, {8, 4}}};
constexpr std::uint32_t kBlocksSubgroups = 4;
constexpr std::uint32_t kBlocksMaxGroups = 65535;

// Push constants of matmul_lanes.comp.
struct LanesPush {
  std::uint32_t n_rows;
  std::uint32_t first_row;
  std::uint32_t cols;
  std::uint32_t out_rows;
  std::uint32_t first_out;
  std::uint32_t part_rows;
  std::uint32_t n_steps;
  std::uint32_t split_1;
  std::uint32_t split_2;
  float norm_eps;
};
static_assert(sizeof(LanesPush) == 40);

// Push constants of matmul_blocks.comp.
struct BlocksPush {
  std::uint32_t n_rows;
  std::uint32_t cols;
  std::uint32_t out_rows;
  std::uint32_t first_out;
  std::uint32_t part_rows;
  std::uint32_t row_words;
  std::uint32_t epilogue;
  std::uint32_t split_1;
  std::uint32_t split_2;
};
static_assert(sizeof(BlocksPush) == 36);

std::uint32_t epilogue_bits(const Epilogue& epilogue, bool split) {
  std::uint32_t bits = 0;
  if (epilogue.bias) bits |= kBias;
  if (epilogue.gate) bits |= *epilogue.gate == Activation::kSilu ? kSilu : kGelu;
  if (epilogue.accumulate) bits |= kAccumulate;
  if (epilogue.pairs()) bits |= kPairs;
  if (split) bits |= kSplit;
  return bits;
}

std::uint32_t ceil_div(std::uint32_t a, std::uint32_t b) {
  return (a + b - 1) / b;
}

std::uint32_t blocks_subgroups(const Device& device) {
  return device.is_cpu_driver() ? 1 : kBlocksSubgroups;
}

/// The widest while it is filled, then the narrowest that takes all the rest: to read and decode
/// the weights once more costs more than a row or two that are computed in vain.
std::uint32_t lane_tokens(std::uint32_t n_rows) {
  const auto first_too_narrow = std::find_if(kLaneTokens.begin(), kLaneTokens.end(),
                                             [&](std::uint32_t tokens) { return tokens < n_rows; });
  return first_too_narrow == kLaneTokens.begin() ? *first_too_narrow : *(first_too_narrow - 1);
}

const BlocksVariant& blocks_variant(std::uint32_t n_rows, bool pairs) {
  const auto& variants = pairs ? kBlocksPairVariants : kBlocksVariants;
  return *std::find_if(variants.begin(), variants.end() - 1,
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
      for (const std::uint32_t bits :
           {0u, kAccumulate, kNorm, kNorm | kSplit, kNorm | kSilu | kPairs}) {
        prepare("matmul_lanes", "ttssssst", {device.info().subgroup_size, tokens, bits});
      }
    }
    return;
  }
  const std::uint32_t local_size = blocks_subgroups(device) * device.info().subgroup_size;
  for (const auto& variants : {kBlocksVariants, kBlocksPairVariants}) {
    for (const BlocksVariant& variant : variants) {
      prepare("matmul_blocks", "sssssss", {local_size, variant.tokens, variant.rows});
    }
  }
}

// A matmul as all of its dispatches see it.
struct Recorder::Matmul {
  const Matrix& w;
  const Tensor& in;
  const Epilogue& epilogue;
  const Norm& norm;  // of `in`; without a weight: none
  std::uint32_t n_rows;
  std::uint32_t bits;
  std::array<Binding, kMaxMatmulOuts> outs;
  std::array<std::uint32_t, kMaxMatmulOuts> begins;  // first row of W of each
};

void Recorder::matmul_lanes(const Matmul& op, const MatrixPart& part) {
  const Matrix& w = op.w;
  const bool texels = lanes_read_texels(w, op.in);
  const std::string shader =
      weight_shader(texels ? "matmul_lanes" : "matmul_lanes_storage", w.type);
  const std::uint32_t n_steps = ceil_div(w.cols, lane_step(w.type).cols);
  const std::uint32_t tiles = ceil_div(part.n_rows, kRowsPerLane * subgroup_size());
  for (std::uint32_t row = 0; row < op.n_rows;) {
    const std::uint32_t rows = op.n_rows - row;
    const std::uint32_t tokens = lane_tokens(rows);
    const std::uint32_t groups = std::max(rows / tokens, 1u);
    const LanesPush push{op.n_rows,   row,     w.cols,       w.rows,       part.first_row,
                         part.n_rows, n_steps, op.begins[1], op.begins[2], op.norm.eps};
    dispatch(
        shader, {subgroup_size(), tokens, op.bits},
        {reads_part(w, part, BindingKind::kTexels), texels ? reads_texels(op.in) : reads(op.in),
         reads(op.epilogue.bias), reads(op.epilogue.gate_input), op.outs[0], op.outs[1], op.outs[2],
         reads_texels(op.norm.weight)},
        push, {tiles, groups});
    row += groups * tokens;
  }
}

void Recorder::matmul_blocks(const Matmul& op, const MatrixPart& part) {
  const Matrix& w = op.w;
  const BlocksPush push{op.n_rows,      w.cols,       w.rows,
                        part.first_row, part.n_rows,  block_row_words(w.type, w.cols),
                        op.bits,        op.begins[1], op.begins[2]};
  const BlocksVariant& variant = blocks_variant(op.n_rows, op.epilogue.pairs());
  const std::uint32_t subgroups = blocks_subgroups(device());
  const std::uint32_t groups = ceil_div(part.n_rows, subgroups * variant.rows);
  dispatch(weight_shader("matmul_blocks", w.type),
           {subgroups * subgroup_size(), variant.tokens, variant.rows},
           {reads_part(w, part, BindingKind::kStorage), reads(op.in), reads(op.epilogue.bias),
            reads(op.epilogue.gate_input), op.outs[0], op.outs[1], op.outs[2]},
           push, {std::min(groups, kBlocksMaxGroups), ceil_div(op.n_rows, variant.tokens)});
}

void Recorder::record_matmul(const Matrix& w, const Tensor& in, std::span<const Tensor> outs,
                             std::uint32_t n_rows, const Epilogue& epilogue, const Norm& norm) {
  assert(!outs.empty() && outs.size() <= kMaxMatmulOuts && in.cols == w.cols);
  assert(outs.size() == 1 || (!epilogue.gate && !epilogue.accumulate));
  const std::uint32_t bits = epilogue_bits(epilogue, outs.size() > 1) | (norm.weight ? kNorm : 0);
  Matmul op{w, in, epilogue, norm, n_rows, bits, {}, {}};
  for (std::size_t i = 0; i < kMaxMatmulOuts; ++i) {
    const bool exists = i < outs.size();
    // What is not there is bound to the first: a shared stand-in would seem written by all ops.
    const Tensor& out = outs[exists ? i : 0];
    op.outs[i] = epilogue.accumulate ? updates(out) : writes(out);
    if (i > 0) op.begins[i] = exists ? op.begins[i - 1] + outs[i - 1].cols : w.rows;
  }
  for (const MatrixPart& part : storage_of(w).parts) {
    uses_lanes() ? matmul_lanes(op, part) : matmul_blocks(op, part);
  }
}

bool Recorder::lanes_read_texels(const Matrix& w, const Tensor& in) const {
  return w.cols % 4 == 0 && subgroup_size() >= kMinShuffleLanes && has_texels(in);
}

void Recorder::matmul_into(const Matrix& w, const Tensor& in, std::span<const Tensor> outs,
                           std::uint32_t n_rows, const Epilogue& epilogue) {
  record_matmul(w, in, outs, n_rows, epilogue, {});
}

// An op's fixed cost on CPU drivers is that of some hundred thousand products; GPUs do better with
// rows that are normalized once.
void Recorder::norm_matmul_into(const Tensor& in, const Norm& norm, const Tensor& normed,
                                const Matrix& w, std::span<const Tensor> outs, std::uint32_t n_rows,
                                const Epilogue& epilogue) {
  assert(norm.weight.size == in.cols);
  if (uses_lanes() && lanes_read_texels(w, in)) {
    record_matmul(w, in, outs, n_rows, epilogue, norm);
    return;
  }
  rms_norm(in, norm.weight, normed, n_rows, norm.eps, false);
  record_matmul(w, normed, outs, n_rows, epilogue, {});
}

}  // namespace understory::kernels::vulkan
