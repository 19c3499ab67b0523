// From logits to one token. The stages run in this order, each on what the one before it left:
//
//   on logits       healing and bans (what may come at all), logit_bias, repeat, frequency and
//                   presence penalties, DRY
//   on the softmax  top_n_sigma, top_k, typical_p, top_p, min_p, xtc, temperature
//   or, with mirostat_tau above 0, temperature and mirostat instead of these
//   then            the draw
//
// Truncation therefore judges the model's own distribution, and a high temperature only flattens
// what passed. Temperature 0 is greedy: the likeliest token after the stages on logits, whatever
// the others say. Ties go to the lower token id.
//
// A draw depends on the branch's seed, the number of draws before it and what it is drawn from,
// and on nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "daemon/engine/samplers/distribution.h"
#include "daemon/engine/samplers/dry.h"
#include "daemon/engine/samplers/logit_edits.h"
#include "daemon/engine/samplers/mirostat.h"
#include "daemon/engine/samplers/penalties.h"
#include "daemon/engine/samplers/sampler_params.h"

namespace understory::engine {

/// The random numbers of a branch's index-th draw.
struct Draw {
  std::uint64_t seed = 0;
  std::uint64_t index = 0;

  /// In [0, 1): where in the cumulative distribution.
  double position() const;
  /// In [0, 1): whether XTC strikes.
  double xtc_coin() const;
};

/// The samplers of one request. Immutable; params (with a resolved logit_bias, see
/// samplers/logit_bias.h) and tokenizer outlive it.
class Sampler {
 public:
  Sampler(const SamplerParams& params, const tokenizer::Tokenizer& tokenizer);

  bool is_greedy() const { return params_.temperature == 0; }
  bool xtc_strikes(const Draw& draw) const { return draw.xtc_coin() < params_.xtc.probability; }
  const Mirostat& mirostat() const { return mirostat_; }

  /// The stages on logits for the token after `history`, the prompt's and the branch's tokens.
  LogitEdits edits(std::span<const tokenizer::TokenId> history) const;

  /// The stages on the softmax. nullopt: the list does not decide it, come with all logits. The
  /// result may be incomplete where every stage is off. `mu` is the branch's, for mirostat.
  std::optional<Distribution> shape(Distribution distribution, bool with_xtc, double mu) const;

 private:
  bool truncate(Distribution& distribution, bool with_xtc) const;

  const SamplerParams& params_;
  const tokenizer::Tokenizer& tokenizer_;
  Penalties penalties_;
  Dry dry_;
  Mirostat mirostat_;
};

}  // namespace understory::engine
