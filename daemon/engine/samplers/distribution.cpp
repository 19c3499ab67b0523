#include "daemon/engine/samplers/distribution.h"

#include <algorithm>
#include <cmath>

namespace understory::engine {

std::optional<tokenizer::TokenId> Distribution::pick(double u) const {
  double cumulative = 0;
  for (const Weighted& w : tokens) {
    cumulative += w.probability;
    if (u < cumulative) return w.token;
  }
  // Rounding may leave the sum a little under 1.
  if (complete && !tokens.empty()) return tokens.back().token;
  return std::nullopt;
}

void Distribution::keep_head(std::size_t n) {
  tokens.resize(n);
  complete = true;
  normalised = true;
  double sum = 0;
  for (const Weighted& w : tokens) sum += w.probability;
  kept *= sum;
  renormalise();
}

void Distribution::renormalise() {
  double sum = 0;
  for (const Weighted& w : tokens) sum += w.probability;
  if (sum <= 0) return;
  for (Weighted& w : tokens) w.probability /= sum;
}

Distribution to_distribution(std::span<const model::Candidate> candidates, double logsumexp,
                             bool complete) {
  Distribution distribution;
  distribution.complete = complete;
  std::vector<model::Candidate> sorted(candidates.begin(), candidates.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  });
  distribution.tokens.reserve(sorted.size());
  for (const auto& c : sorted)
    distribution.tokens.push_back({c.token, std::exp(c.logit - logsumexp)});
  return distribution;
}

double log_sum_exp(std::span<const model::Candidate> candidates) {
  if (candidates.empty()) return 0;
  double highest = candidates[0].logit;
  for (const auto& c : candidates) highest = std::max<double>(highest, c.logit);
  double sum = 0;
  for (const auto& c : candidates) sum += std::exp(c.logit - highest);
  return highest + std::log(sum);
}

}  // namespace understory::engine
