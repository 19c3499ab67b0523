// Gemma 3, text (https://arxiv.org/abs/2503.19786): norms before and after each sublayer, norms
// on each head's queries and keys, GEGLU, and mostly layers that attend to a window only, which
// rotate with a base of their own. GGUF files store norm weights with their +1 added.
#include <cmath>
#include <tuple>

#include "daemon/model/architectures/architecture.h"
#include "daemon/model/architectures/projections.h"

namespace understory::model {
namespace {

using kernels::Activation;
using kernels::Matrix;
using kernels::Tensor;
using kernels::Vector;

struct Layer {
  Vector attn_norm, attn_post_norm;
  QkvProjection qkv;
  Matrix wo;
  Vector q_norm, k_norm;  // [head_dim]
  Vector ffn_norm, ffn_post_norm;
  GatedProjection gate_up;
  Matrix w_down;
  std::uint32_t sliding_window = 0;  // 0: a global layer
};

/// Activations. The `kept` ones hold the rows that go on to the head.
struct Workspace {
  Tensor x;         // [rows, dim] the residual stream
  Tensor h;         // [rows, dim] a sublayer's normalized input, then its output
  Tensor q, k, v;   // [rows, q_dim], [rows, kv_dim] twice
  Tensor mixed;     // [rows, q_dim] attention's result
  Tensor gate, up;  // [rows, ffn_dim]
  Tensor x_kept, mixed_kept;
};

// The order of ropes().
constexpr std::size_t kGlobalRope = 0;
constexpr std::size_t kSlidingRope = 1;

class Gemma3 : public Architecture {
 public:
  Gemma3(const Config& config, WeightLoader& load, RowLimits limits);

  std::vector<RopeConfig> ropes() const override { return {config_.rope, config_.sliding_rope}; }
  void forward(kernels::Ops& ops, const StepInputs& in, const kernels::KvCache& cache,
               const Tensor& logits, StepShape shape) const override;

 private:
  Layer load_layer(WeightLoader& load, std::uint32_t i) const;

  Config config_;
  Matrix token_embedding_;
  std::vector<Layer> layers_;
  Vector output_norm_;
  Matrix output_;
  Workspace work_;
};

Gemma3::Gemma3(const Config& config, WeightLoader& load, RowLimits limits) : config_(config) {
  const Config& c = config_;
  token_embedding_ = load.matrix("token_embd.weight", c.vocab_size, c.dim);
  for (std::uint32_t i = 0; i < c.n_layers && load.status(); ++i) {
    layers_.push_back(load_layer(load, i));
  }
  output_norm_ = load.vector("output_norm.weight", c.dim);
  output_ = load.optional_matrix("output.weight", c.vocab_size, c.dim);
  if (!output_) output_ = token_embedding_;

  work_.x = load.tensor(limits.max_rows, c.dim);
  work_.h = load.tensor(limits.max_rows, c.dim);
  work_.q = load.tensor(limits.max_rows, c.q_dim());
  work_.k = load.tensor(limits.max_rows, c.kv_dim());
  work_.v = load.tensor(limits.max_rows, c.kv_dim());
  work_.mixed = load.tensor(limits.max_rows, c.q_dim());
  work_.gate = load.tensor(limits.max_rows, c.ffn_dim);
  work_.up = load.tensor(limits.max_rows, c.ffn_dim);
  work_.x_kept = load.tensor(limits.max_logit_rows, c.dim);
  work_.mixed_kept = load.tensor(limits.max_logit_rows, c.q_dim());
}

Layer Gemma3::load_layer(WeightLoader& load, std::uint32_t i) const {
  const Config& c = config_;
  const std::string prefix = "blk." + std::to_string(i) + ".";
  Layer layer;
  layer.attn_norm = load.vector(prefix + "attn_norm.weight", c.dim);
  layer.qkv = QkvProjection::load(load, prefix, c.dim, c.q_dim(), c.kv_dim());
  layer.wo = load.matrix(prefix + "attn_output.weight", c.dim, c.q_dim());
  layer.q_norm = load.vector(prefix + "attn_q_norm.weight", c.head_dim);
  layer.k_norm = load.vector(prefix + "attn_k_norm.weight", c.head_dim);
  layer.attn_post_norm = load.vector(prefix + "post_attention_norm.weight", c.dim);
  layer.ffn_norm = load.vector(prefix + "ffn_norm.weight", c.dim);
  layer.gate_up = GatedProjection::load(load, prefix, c.dim, c.ffn_dim);
  layer.w_down = load.matrix(prefix + "ffn_down.weight", c.dim, c.ffn_dim);
  layer.ffn_post_norm = load.vector(prefix + "post_ffw_norm.weight", c.dim);
  if (!c.layer_slides.empty() && c.layer_slides[i]) layer.sliding_window = c.sliding_window;
  return layer;
}

void Gemma3::forward(kernels::Ops& ops, const StepInputs& in, const kernels::KvCache& cache,
                     const Tensor& logits, StepShape shape) const {
  const auto& [h, q, k, v, gate, up] =
      std::tie(work_.h, work_.q, work_.k, work_.v, work_.gate, work_.up);
  const float eps = config_.rms_eps;
  const auto pairing = kernels::RopePairing::kHalves;
  Tensor x = work_.x;
  Tensor mixed = work_.mixed;
  std::uint32_t n = shape.n_rows;

  ops.embed(token_embedding_, in.tokens, x, n, std::sqrt(static_cast<float>(config_.dim)));
  for (std::uint32_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const bool is_last = i + 1 == layers_.size();
    const Tensor& cos_sin = in.cos_sin[layer.sliding_window ? kSlidingRope : kGlobalRope];
    const kernels::AttentionParams attention{.n_heads = config_.n_heads,
                                             .scale = config_.attention_scale,
                                             .sliding_window = layer.sliding_window};

    layer.qkv(ops, x, {layer.attn_norm, eps}, h, q, k, v, n);
    ops.rms_norm(q, layer.q_norm, q, n, eps);
    ops.rms_norm(k, layer.k_norm, k, n, eps);
    ops.rope_store(q, k, v, cos_sin, pairing, cache, i, in.rows.slots, n);
    if (is_last && shape.n_logits == 0) return;  // nobody reads further than the cache
    ops.attention(q, cache, i, in.rows, mixed, n, attention);
    if (is_last && shape.n_logits < n) {
      ops.gather_rows(mixed, in.logit_rows, work_.mixed_kept, shape.n_logits);
      ops.gather_rows(x, in.logit_rows, work_.x_kept, shape.n_logits);
      mixed = work_.mixed_kept;
      x = work_.x_kept;
      n = shape.n_logits;
    }
    ops.matmul(layer.wo, mixed, h, n);
    ops.rms_norm(h, layer.attn_post_norm, x, n, eps, /*accumulate=*/true);

    layer.gate_up(ops, Activation::kGelu, x, {layer.ffn_norm, eps}, h, gate, up, n);
    ops.matmul(layer.w_down, up, h, n);
    ops.rms_norm(h, layer.ffn_post_norm, x, n, eps, /*accumulate=*/true);
  }
  ops.rms_norm(x, output_norm_, h, n, eps);
  ops.matmul(output_, h, logits, n);
}

}  // namespace

std::unique_ptr<Architecture> load_gemma3(const Config& config, WeightLoader& loader,
                                          RowLimits limits) {
  return std::make_unique<Gemma3>(config, loader, limits);
}

}  // namespace understory::model
