// From logits to one token. The stages run in this order, each on what the one before it left,
// renormalised: top_k, top_p, min_p, temperature, draw. Truncation therefore judges the model's
// own distribution, and a high temperature only flattens what passed. Temperature 0 is greedy:
// the likeliest token, whatever the rest says. Ties go to the lower token id.
//
// A device hands over only its likeliest tokens. The stages work on such a partial list as long
// as they provably keep nothing outside it; where they cannot tell, the caller comes again
// with all logits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "daemon/engine/engine.h"
#include "daemon/model/model.h"

namespace understory::engine {

struct Weighted {
  tokenizer::TokenId token = 0;
  double probability = 0;
};

/// The likeliest tokens, highest first. Probabilities are of the whole, so they sum to 1 where
/// the list is complete and to less where unseen tokens remain.
struct Distribution {
  std::vector<Weighted> tokens;
  bool complete = false;

  /// The token at `u` in [0, 1) of the cumulative distribution; nullopt where that is an
  /// unseen one.
  std::optional<tokenizer::TokenId> pick(double u) const;
};

/// The softmax of candidates in any order. `complete`: they are all there are, and
/// logsumexp is over them.
Distribution to_distribution(std::span<const model::Candidate> candidates, double logsumexp,
                             bool complete);

/// log(sum(exp(logit))) of the candidates.
double log_sum_exp(std::span<const model::Candidate> candidates);

// The stages. Each keeps the head of the list; one that cuts inside a partial list makes it
// complete, since nothing unseen is likelier than what was cut.

/// Keeps the k likeliest; 0: off.
void apply_top_k(Distribution& distribution, std::uint32_t k);
/// Keeps the shortest head whose probabilities reach p; 1: off (Holtzman et al. 2020).
void apply_top_p(Distribution& distribution, float p);
/// Keeps tokens at least min_p times as likely as the likeliest; 0: off (Nguyen et al. 2024).
void apply_min_p(Distribution& distribution, float min_p);
/// probability^(1/temperature), renormalised; the list must be complete unless temperature is
/// 1. Temperature 0 keeps the first.
void apply_temperature(Distribution& distribution, float temperature);

/// All stages but the draw. nullopt: the list does not decide it, come with all logits. The
/// result may be incomplete where every stage is off.
std::optional<Distribution> shape(Distribution distribution, const SamplerParams& params);

}  // namespace understory::engine
