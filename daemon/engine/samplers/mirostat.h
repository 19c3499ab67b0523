// Mirostat 2.0 (Basu et al. 2021, https://arxiv.org/abs/2007.14966): keeps the surprise of the
// drawn tokens near a target by moving a bound on what may be drawn.
#pragma once

#include "daemon/engine/samplers/distribution.h"
#include "daemon/engine/samplers/sampler_params.h"

namespace understory::engine {

/// The bound, mu, is the branch's to keep: in bits.
class Mirostat {
 public:
  explicit Mirostat(const MirostatParams& params) : tau_(params.tau), eta_(params.eta) {}

  bool is_off() const { return tau_ <= 0; }
  double first_mu() const { return 2 * tau_; }
  /// Keeps tokens whose surprise, -log2(probability), is at most mu; at least the likeliest.
  /// False where a partial list does not show where that ends.
  bool apply(Distribution& distribution, double mu) const;
  /// After a token with that surprise, before truncation, was drawn.
  double next_mu(double mu, double surprise_bits) const {
    return mu - eta_ * (surprise_bits - tau_);
  }

 private:
  double tau_;
  double eta_;
};

}  // namespace understory::engine
