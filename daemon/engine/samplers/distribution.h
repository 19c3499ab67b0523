// The tokens that may come next, as the stages pass them on.
//
// A device hands over only its likeliest tokens. The stages work on such a partial list as long
// as they provably keep nothing outside it; where they cannot tell, the caller comes again with
// all logits.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "daemon/model/model.h"
#include "daemon/tokenizer/tokenizer.h"

namespace understory::engine {

struct Weighted {
  tokenizer::TokenId token = 0;
  double probability = 0;
};

/// Tokens, likeliest first, ties in order of id. Where the list is not complete, every token
/// that it lacks is at most as likely as the last one.
struct Distribution {
  std::vector<Weighted> tokens;
  bool complete = false;
  /// False where the probabilities are right only beside each other, since it is not known what
  /// the unseen tokens add up to. A complete list's probabilities sum to 1.
  bool normalised = true;
  /// Probability that the tokens had together before truncation renormalised them.
  double kept = 1;

  /// The token at `u` in [0, 1) of the cumulative distribution; nullopt where that is an
  /// unseen one.
  std::optional<tokenizer::TokenId> pick(double u) const;
  /// Keeps the first n. What was cut is at least as likely as the unseen, so nothing of that
  /// stays: the list is complete.
  void keep_head(std::size_t n);
  /// Divides by the sum.
  void renormalise();
};

/// The softmax of candidates in any order. `complete`: they are all there are, and
/// logsumexp is over them.
Distribution to_distribution(std::span<const model::Candidate> candidates, double logsumexp,
                             bool complete);

/// log(sum(exp(logit))) of the candidates.
double log_sum_exp(std::span<const model::Candidate> candidates);

}  // namespace understory::engine
