// The reference backend's Ops: checks shapes and appends a closure for each call.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "kernels/backend.h"

namespace understory::test {

class ReferenceOps : public kernels::Ops {
 public:
  using Step = std::function<void()>;

  void embed(const kernels::Matrix& table, const kernels::Indices& tokens,
             const kernels::Tensor& out, std::uint32_t n_rows, float scale) override;
  void rms_norm(const kernels::Tensor& in, const kernels::Vector& weight,
                const kernels::Tensor& out, std::uint32_t n_rows, float eps,
                bool accumulate) override;
  void matmul_into(const kernels::Matrix& w, const kernels::Tensor& in,
                   std::span<const kernels::Tensor> outs, std::uint32_t n_rows,
                   const kernels::Epilogue& epilogue) override;
  void rope_store(const kernels::Tensor& q, const kernels::Tensor& k, const kernels::Tensor& v,
                  const kernels::Tensor& cos_sin, kernels::RopePairing pairing,
                  const kernels::KvCache& cache, std::uint32_t layer, const kernels::Indices& slots,
                  std::uint32_t n_rows) override;
  void attention(const kernels::Tensor& q, const kernels::KvCache& cache, std::uint32_t layer,
                 const kernels::RowInputs& rows, const kernels::Tensor& out, std::uint32_t n_rows,
                 const kernels::AttentionParams& params) override;
  void gather_rows(const kernels::Tensor& in, const kernels::Indices& rows,
                   const kernels::Tensor& out, std::uint32_t n_rows) override;
  void top_k(const kernels::Tensor& in, std::uint32_t k, const kernels::Indices& ids,
             const kernels::Tensor& values, const kernels::Tensor& logsumexp,
             std::uint32_t n_rows) override;

  std::vector<Step> take_steps() { return std::move(steps_); }

 private:
  std::vector<Step> steps_;
};

}  // namespace understory::test
