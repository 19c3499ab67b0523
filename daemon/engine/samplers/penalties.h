// Repetition (Keskar et al. 2019), frequency and presence penalties.
#pragma once

#include <span>

#include "daemon/engine/samplers/logit_edits.h"
#include "daemon/engine/samplers/sampler_params.h"

namespace understory::engine {

class Penalties {
 public:
  explicit Penalties(const PenaltyParams& params) : params_(params) {}

  /// For the token after `history`: prompt and continuation. Control tokens are left alone.
  void edit(std::span<const tokenizer::TokenId> history, const tokenizer::Tokenizer& tokenizer,
            LogitEdits& edits) const;

 private:
  PenaltyParams params_;
};

}  // namespace understory::engine
