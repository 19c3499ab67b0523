// Stages that keep part of a distribution and renormalise it. Each apply() answers false, having
// changed nothing of use, where a partial list does not decide what it keeps.
#pragma once

#include <cstdint>

#include "daemon/engine/samplers/distribution.h"

namespace understory::engine {

/// Keeps tokens whose logit is at most n standard deviations (of all logits) below the highest
/// (Tang et al. 2024, "Top-nσ"); 0: off. Needs the complete list.
struct TopNSigma {
  float n = 0;
  bool apply(Distribution& distribution) const;
};

/// Keeps the k likeliest; 0: off.
struct TopK {
  std::uint32_t k = 0;
  bool apply(Distribution& distribution) const;
};

/// Keeps the tokens whose surprise is nearest to the entropy until their probabilities reach p;
/// 1: off (Meister et al. 2023, "Locally typical sampling"). Needs the complete list.
struct TypicalP {
  float p = 1;
  bool apply(Distribution& distribution) const;
};

/// Keeps the shortest head whose probabilities reach p; 1: off (Holtzman et al. 2020).
struct TopP {
  float p = 1;
  bool apply(Distribution& distribution) const;
};

/// Keeps tokens at least p times as likely as the likeliest; 0: off (Nguyen et al. 2024).
struct MinP {
  float p = 0;
  bool apply(Distribution& distribution) const;
};

/// "Exclude top choices" (p-e-w, text-generation-webui pull request 6335): of the tokens with at
/// least `threshold`, only the least likely stays. Does nothing where there are fewer than two.
struct Xtc {
  float threshold = 0.1f;
  bool apply(Distribution& distribution) const;
};

}  // namespace understory::engine
