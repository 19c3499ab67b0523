// DRY, "don't repeat yourself" (p-e-w, text-generation-webui pull request 5677): where the text
// ends as an earlier part of it did, the token that followed there loses the more the longer
// that repetition already is.
#pragma once

#include <span>
#include <vector>

#include "daemon/engine/samplers/logit_edits.h"
#include "daemon/engine/samplers/sampler_params.h"

namespace understory::engine {

class Dry {
 public:
  /// Keeps a reference to params, which must outlive it.
  explicit Dry(const DryParams& params) : params_(params) {}

  /// Subtracts multiplier * base^(length - allowed_length) from each token that would prolong a
  /// repetition of `length` >= allowed_length tokens. No repetition holds or begins after a token
  /// that is part of a breaker, and none of those tokens is touched.
  void edit(std::span<const tokenizer::TokenId> history, const tokenizer::Tokenizer& tokenizer,
            LogitEdits& edits) const;

 private:
  std::vector<bool> find_breakers(std::span<const tokenizer::TokenId> tokens,
                                  const tokenizer::Tokenizer& tokenizer) const;

  const DryParams& params_;
};

/// For each position i, how many tokens before i are the same as the last tokens of all, without
/// crossing a break: the length of the repetition that tokens[i] would prolong.
std::vector<std::uint32_t> repetition_lengths(std::span<const tokenizer::TokenId> tokens,
                                              const std::vector<bool>& breaks);

}  // namespace understory::engine
