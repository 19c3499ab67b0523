// Llama 1 to 3, Mistral, TinyLlama, SmolLM2 (https://arxiv.org/abs/2302.13971):
// pre-norm attention with RoPE and grouped query heads, then a SwiGLU feed-forward.
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
  Vector attn_norm;
  QkvProjection qkv;
  Matrix wo;
  Vector bo;  // most models have no biases
  Vector ffn_norm;
  GatedProjection gate_up;
  Matrix w_down;
  Vector b_down;
};

/// Activations. The `kept` ones hold the rows that go on to the head.
struct Workspace {
  Tensor x;         // [rows, dim] the residual stream
  Tensor h;         // [rows, dim] normalized input of a sublayer
  Tensor q, k, v;   // [rows, q_dim], [rows, kv_dim] twice
  Tensor mixed;     // [rows, q_dim] attention's result
  Tensor gate, up;  // [rows, ffn_dim]
  Tensor x_kept, mixed_kept;
};

class Llama : public Architecture {
 public:
  Llama(const Config& config, WeightLoader& load, RowLimits limits);

  std::vector<RopeConfig> ropes() const override { return {config_.rope}; }
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

Llama::Llama(const Config& config, WeightLoader& load, RowLimits limits) : config_(config) {
  const Config& c = config_;
  token_embedding_ = load.matrix("token_embd.weight", c.vocab_size, c.dim);
  for (std::uint32_t i = 0; i < c.n_layers && load.status(); ++i) {
    layers_.push_back(load_layer(load, i));
  }
  output_norm_ = load.vector("output_norm.weight", c.dim);
  output_ = load.optional_matrix("output.weight", c.vocab_size, c.dim);
  if (!output_) output_ = token_embedding_;
  if (load.has("rope_freqs.weight")) {
    config_.rope.freq_factors = load.host_vector("rope_freqs.weight", c.rope.dim / 2);
  }

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

Layer Llama::load_layer(WeightLoader& load, std::uint32_t i) const {
  const Config& c = config_;
  const std::string prefix = "blk." + std::to_string(i) + ".";
  Layer layer;
  layer.attn_norm = load.vector(prefix + "attn_norm.weight", c.dim);
  layer.qkv = QkvProjection::load(load, prefix, c.dim, c.q_dim(), c.kv_dim());
  layer.wo = load.matrix(prefix + "attn_output.weight", c.dim, c.q_dim());
  layer.bo = load.optional_vector(prefix + "attn_output.bias", c.dim);
  layer.ffn_norm = load.vector(prefix + "ffn_norm.weight", c.dim);
  layer.gate_up = GatedProjection::load(load, prefix, c.dim, c.ffn_dim);
  layer.w_down = load.matrix(prefix + "ffn_down.weight", c.dim, c.ffn_dim);
  layer.b_down = load.optional_vector(prefix + "ffn_down.bias", c.dim);
  return layer;
}

void Llama::forward(kernels::Ops& ops, const StepInputs& in, const kernels::KvCache& cache,
                    const Tensor& logits, StepShape shape) const {
  const auto& [h, q, k, v, gate, up] =
      std::tie(work_.h, work_.q, work_.k, work_.v, work_.gate, work_.up);
  const kernels::AttentionParams attention{.n_heads = config_.n_heads,
                                           .scale = config_.attention_scale};
  const float eps = config_.rms_eps;
  const auto pairing = kernels::RopePairing::kInterleaved;
  Tensor x = work_.x;
  Tensor mixed = work_.mixed;
  std::uint32_t n = shape.n_rows;

  ops.embed(token_embedding_, in.tokens, x, n, 1.0f);
  for (std::uint32_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const bool is_last = i + 1 == layers_.size();

    layer.qkv(ops, x, {layer.attn_norm, eps}, h, q, k, v, n);
    ops.rope_store(q, k, v, in.cos_sin[0], pairing, cache, i, in.rows.slots, n);
    if (is_last && shape.n_logits == 0) return;  // nobody reads further than the cache
    ops.attention(q, cache, i, in.rows, mixed, n, attention);
    if (is_last && shape.n_logits < n) {
      ops.gather_rows(mixed, in.logit_rows, work_.mixed_kept, shape.n_logits);
      ops.gather_rows(x, in.logit_rows, work_.x_kept, shape.n_logits);
      mixed = work_.mixed_kept;
      x = work_.x_kept;
      n = shape.n_logits;
    }
    ops.matmul(layer.wo, mixed, x, n, residual(layer.bo));

    layer.gate_up(ops, Activation::kSilu, x, {layer.ffn_norm, eps}, h, gate, up, n);
    ops.matmul(layer.w_down, up, x, n, residual(layer.b_down));
  }
  ops.rms_norm(x, output_norm_, h, n, eps);
  ops.matmul(output_, h, logits, n);
}

}  // namespace

std::unique_ptr<Architecture> load_llama(const Config& config, WeightLoader& loader,
                                         RowLimits limits) {
  return std::make_unique<Llama>(config, loader, limits);
}

}  // namespace understory::model
