// Matrices of a layer that read the same input, as few ops as their types allow: on small models
// an op's fixed cost is as large as its work.
#pragma once

#include <string>
#include <vector>

#include "daemon/model/weights.h"
#include "kernels/backend.h"

namespace understory::model {

/// acc + bias; the bias may be empty.
inline kernels::Epilogue biased(const kernels::Vector& bias) {
  kernels::Epilogue out;
  out.bias = bias;
  return out;
}

/// Adds to what `out` holds: the residual stream.
inline kernels::Epilogue residual(const kernels::Vector& bias = {}) {
  kernels::Epilogue out = biased(bias);
  out.accumulate = true;
  return out;
}

/// activation(gate) * (acc + bias); without `gate`, acc's rows are pairs of both.
inline kernels::Epilogue gated(kernels::Activation activation, const kernels::Tensor& gate,
                               const kernels::Vector& bias) {
  kernels::Epilogue out = biased(bias);
  out.gate = activation;
  out.gate_input = gate;
  return out;
}

/// Queries, keys and values: neighbours of one type are stacked.
class QkvProjection {
 public:
  /// attn_q, attn_k and attn_v below `prefix`, with their biases where there are any.
  static QkvProjection load(WeightLoader& load, const std::string& prefix, std::uint32_t dim,
                            std::uint32_t q_dim, std::uint32_t kv_dim);

  /// norm(in [n, dim]) -> q [n, q_dim], k and v [n, kv_dim]. `normed` is scratch like `in`.
  void operator()(kernels::Ops& ops, const kernels::Tensor& in, const kernels::Norm& norm,
                  const kernels::Tensor& normed, const kernels::Tensor& q, const kernels::Tensor& k,
                  const kernels::Tensor& v, std::uint32_t n) const;

 private:
  struct Stack {
    kernels::Matrix w;
    kernels::Vector bias;
    std::size_t n_outs = 0;
  };
  std::vector<Stack> stacks_;  // in order of q, k, v
};

/// activation(W_gate in) * (W_up in).
class GatedProjection {
 public:
  /// ffn_gate and ffn_up below `prefix`, with their biases where there are any.
  static GatedProjection load(WeightLoader& load, const std::string& prefix, std::uint32_t dim,
                              std::uint32_t ffn_dim);

  /// norm(in [n, dim]) -> out [n, ffn_dim]. Scratch: `normed` like `in`, `gate` like `out`.
  void operator()(kernels::Ops& ops, kernels::Activation activation, const kernels::Tensor& in,
                  const kernels::Norm& norm, const kernels::Tensor& normed,
                  const kernels::Tensor& gate, const kernels::Tensor& out, std::uint32_t n) const;

 private:
  kernels::Matrix pairs_;  // rows of gate and up in turn; empty where their types differ
  kernels::Vector pairs_bias_;
  kernels::Matrix gate_, up_;
  kernels::Vector gate_bias_, up_bias_;
};

}  // namespace understory::model
