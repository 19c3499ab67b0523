#include "daemon/engine/samplers/truncation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace understory::engine {
namespace {

/// It keeps all that is listed and perhaps some of what is not.
bool keep_all_seen(Distribution& distribution) {
  if (!distribution.complete) distribution.normalised = false;
  return true;
}

/// Standard deviation of the log-probabilities, which is that of the logits.
double deviation(const Distribution& distribution) {
  double n = 0, sum = 0, sum_of_squares = 0;
  const double highest = std::log(distribution.tokens[0].probability);
  for (const Weighted& w : distribution.tokens) {
    if (w.probability <= 0) break;  // less than a double holds; no logit of a sound model
    const double x = std::log(w.probability) - highest;
    n += 1, sum += x, sum_of_squares += x * x;
  }
  return std::sqrt(std::max(0.0, sum_of_squares / n - (sum / n) * (sum / n)));
}

double entropy(const Distribution& distribution) {
  double sum = 0;
  for (const Weighted& w : distribution.tokens)
    if (w.probability > 0) sum -= w.probability * std::log(w.probability);
  return sum;
}

}  // namespace

bool TopNSigma::apply(Distribution& distribution) const {
  if (n <= 0) return true;
  if (!distribution.complete) return false;
  if (distribution.tokens.empty()) return true;
  const double bound = distribution.tokens[0].probability * std::exp(-n * deviation(distribution));
  const auto end = std::partition_point(distribution.tokens.begin() + 1, distribution.tokens.end(),
                                        [&](const Weighted& w) { return w.probability >= bound; });
  distribution.keep_head(static_cast<std::size_t>(end - distribution.tokens.begin()));
  return true;
}

bool TopK::apply(Distribution& distribution) const {
  if (k == 0) return true;
  if (k > distribution.tokens.size()) return keep_all_seen(distribution);
  distribution.keep_head(k);
  return true;
}

bool TypicalP::apply(Distribution& distribution) const {
  if (p >= 1) return true;
  if (!distribution.complete) return false;
  auto& tokens = distribution.tokens;
  const double expected = entropy(distribution);
  const auto oddness = [&](std::size_t i) {
    return tokens[i].probability > 0 ? std::abs(-std::log(tokens[i].probability) - expected)
                                     : INFINITY;
  };
  std::vector<std::size_t> order(tokens.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return oddness(a) < oddness(b); });
  double cumulative = 0;
  std::size_t n = 0;
  while (n < order.size() && cumulative < p) cumulative += tokens[order[n++]].probability;
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n));
  std::vector<Weighted> typical;
  for (std::size_t i = 0; i < n; ++i) typical.push_back(tokens[order[i]]);
  tokens = std::move(typical);
  distribution.keep_head(tokens.size());
  return true;
}

bool TopP::apply(Distribution& distribution) const {
  if (p >= 1) return true;
  if (!distribution.normalised) return false;
  double cumulative = 0;
  for (std::size_t i = 0; i < distribution.tokens.size(); ++i) {
    cumulative += distribution.tokens[i].probability;
    if (cumulative < p) continue;
    distribution.keep_head(i + 1);
    return true;
  }
  return keep_all_seen(distribution);
}

bool MinP::apply(Distribution& distribution) const {
  if (p <= 0 || distribution.tokens.empty()) return true;
  const double bound = distribution.tokens[0].probability * p;
  for (std::size_t i = 1; i < distribution.tokens.size(); ++i) {
    if (distribution.tokens[i].probability >= bound) continue;
    distribution.keep_head(i);
    return true;
  }
  return keep_all_seen(distribution);
}

bool Xtc::apply(Distribution& distribution) const {
  if (!distribution.normalised) return false;
  auto& tokens = distribution.tokens;
  const auto end = std::partition_point(
      tokens.begin(), tokens.end(), [&](const Weighted& w) { return w.probability >= threshold; });
  if (end == tokens.end() && !distribution.complete) return false;
  if (end - tokens.begin() < 2) return true;
  double removed = 0;
  for (auto w = tokens.begin(); w + 1 != end; ++w) removed += w->probability;
  tokens.erase(tokens.begin(), end - 1);
  for (Weighted& w : tokens) w.probability /= 1 - removed;
  if (distribution.complete) distribution.renormalise();
  return true;
}

}  // namespace understory::engine
