#include "daemon/model/architectures/projections.h"

#include <array>

namespace understory::model {

using kernels::Activation;
using kernels::Epilogue;
using kernels::Norm;
using kernels::Ops;
using kernels::Tensor;

QkvProjection QkvProjection::load(WeightLoader& load, const std::string& prefix, std::uint32_t dim,
                                  std::uint32_t q_dim, std::uint32_t kv_dim) {
  using Part = WeightLoader::Part;
  const std::array<Part, 3> weights{{{prefix + "attn_q.weight", q_dim},
                                     {prefix + "attn_k.weight", kv_dim},
                                     {prefix + "attn_v.weight", kv_dim}}};
  const std::array<Part, 3> biases{{{prefix + "attn_q.bias", q_dim},
                                    {prefix + "attn_k.bias", kv_dim},
                                    {prefix + "attn_v.bias", kv_dim}}};
  QkvProjection projection;
  for (std::size_t begin = 0, end = 1; begin < weights.size(); begin = end, ++end) {
    while (end < weights.size() && load.same_type(weights[begin].name, weights[end].name)) ++end;
    const std::size_t n = end - begin;
    projection.stacks_.push_back({load.stacked_matrix(std::span(weights).subspan(begin, n), dim),
                                  load.stacked_bias(std::span(biases).subspan(begin, n)), n});
  }
  return projection;
}

void QkvProjection::operator()(Ops& ops, const Tensor& in, const Norm& norm, const Tensor& normed,
                               const Tensor& q, const Tensor& k, const Tensor& v,
                               std::uint32_t n) const {
  const std::array<Tensor, 3> outs{q, k, v};
  std::size_t first = 0;
  for (const Stack& stack : stacks_) {
    ops.norm_matmul_into(in, norm, normed, stack.w, std::span(outs).subspan(first, stack.n_outs), n,
                         biased(stack.bias));
    first += stack.n_outs;
  }
}

GatedProjection GatedProjection::load(WeightLoader& load, const std::string& prefix,
                                      std::uint32_t dim, std::uint32_t ffn_dim) {
  const std::string gate = prefix + "ffn_gate";
  const std::string up = prefix + "ffn_up";
  GatedProjection projection;
  if (load.same_type(gate + ".weight", up + ".weight")) {
    projection.pairs_ = load.interleaved_matrix(gate + ".weight", up + ".weight", ffn_dim, dim);
    projection.pairs_bias_ = load.interleaved_bias(gate + ".bias", up + ".bias", ffn_dim);
    return projection;
  }
  projection.gate_ = load.matrix(gate + ".weight", ffn_dim, dim);
  projection.up_ = load.matrix(up + ".weight", ffn_dim, dim);
  projection.gate_bias_ = load.optional_vector(gate + ".bias", ffn_dim);
  projection.up_bias_ = load.optional_vector(up + ".bias", ffn_dim);
  return projection;
}

void GatedProjection::operator()(Ops& ops, Activation activation, const Tensor& in,
                                 const Norm& norm, const Tensor& normed, const Tensor& gate,
                                 const Tensor& out, std::uint32_t n) const {
  const auto project = [&](const kernels::Matrix& w, const Tensor& to, const Epilogue& epilogue) {
    ops.norm_matmul_into(in, norm, normed, w, std::span(&to, 1), n, epilogue);
  };
  if (pairs_) {
    project(pairs_, out, gated(activation, {}, pairs_bias_));
    return;
  }
  project(gate_, gate, biased(gate_bias_));
  project(up_, out, gated(activation, gate, up_bias_));
}

}  // namespace understory::model
