#include "daemon/engine/sampler.h"

#include <algorithm>
#include <cmath>

namespace understory::engine {
namespace {

void renormalise(Distribution& distribution) {
  double sum = 0;
  for (const Weighted& w : distribution.tokens) sum += w.probability;
  if (sum <= 0) return;
  for (Weighted& w : distribution.tokens) w.probability /= sum;
}

void keep_head(Distribution& distribution, std::size_t n) {
  distribution.tokens.resize(n);
  distribution.complete = true;
  renormalise(distribution);
}

}  // namespace

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

void apply_top_k(Distribution& distribution, std::uint32_t k) {
  if (k > 0 && k <= distribution.tokens.size()) keep_head(distribution, k);
}

void apply_top_p(Distribution& distribution, float p) {
  if (p >= 1) return;
  double cumulative = 0;
  for (std::size_t i = 0; i < distribution.tokens.size(); ++i) {
    cumulative += distribution.tokens[i].probability;
    if (cumulative >= p) return keep_head(distribution, i + 1);
  }
}

void apply_min_p(Distribution& distribution, float min_p) {
  if (min_p <= 0 || distribution.tokens.empty()) return;
  const double bound = distribution.tokens[0].probability * min_p;
  for (std::size_t i = 1; i < distribution.tokens.size(); ++i)
    if (distribution.tokens[i].probability < bound) return keep_head(distribution, i);
}

void apply_temperature(Distribution& distribution, float temperature) {
  if (distribution.tokens.empty() || temperature == 1) return;
  if (temperature == 0) return keep_head(distribution, 1);
  const double highest = distribution.tokens[0].probability;
  for (Weighted& w : distribution.tokens)
    w.probability = std::pow(w.probability / highest, 1.0 / temperature);
  renormalise(distribution);
}

std::optional<Distribution> shape(Distribution distribution, const SamplerParams& params) {
  if (params.temperature > 0) {
    apply_top_k(distribution, params.top_k);
    // top_k kept unseen tokens, so what top_p would renormalise by is not known.
    if (!distribution.complete && params.top_k > 0 && params.top_p < 1) return std::nullopt;
    apply_top_p(distribution, params.top_p);
    apply_min_p(distribution, params.min_p);
    const bool truncates = params.top_k > 0 || params.top_p < 1 || params.min_p > 0;
    if (!distribution.complete && (truncates || params.temperature != 1)) return std::nullopt;
  }
  apply_temperature(distribution, params.temperature);
  return distribution;
}

}  // namespace understory::engine
