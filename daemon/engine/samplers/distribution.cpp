#include "daemon/engine/samplers/distribution.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace understory::engine {
namespace {

using Candidates = std::vector<model::Candidate>;

/// Ascending where the logit descends; the two zeros are one.
std::uint32_t descending_key(float logit) {
  const auto bits = std::bit_cast<std::uint32_t>(logit + 0.0f);
  return bits >> 31 != 0 ? bits : ~bits & 0x7FFFFFFF;
}

/// By counting, since a whole vocabulary is sorted for each token of a flat distribution. Keeps the
/// order of equals.
void counting_sort(Candidates& candidates) {
  constexpr std::uint32_t kBits = 11;
  constexpr std::uint32_t kDigits = 1U << kBits;
  Candidates sorted(candidates.size());
  for (std::uint32_t shift = 0; shift < 32; shift += kBits) {
    std::array<std::uint32_t, kDigits + 1> begin{};
    const auto digit = [&](const model::Candidate& c) {
      return descending_key(c.logit) >> shift & (kDigits - 1);
    };
    for (const auto& c : candidates) ++begin[digit(c) + 1];
    for (std::uint32_t i = 0; i < kDigits; ++i) begin[i + 1] += begin[i];
    for (const auto& c : candidates) sorted[begin[digit(c)]++] = c;
    candidates.swap(sorted);
  }
}

/// Likeliest first, ties in order of id.
void sort_candidates(Candidates& candidates) {
  constexpr std::size_t kMany = 2048;
  const auto by_id = [](const auto& a, const auto& b) { return a.token < b.token; };
  if (candidates.size() >= kMany && std::is_sorted(candidates.begin(), candidates.end(), by_id))
    return counting_sort(candidates);
  std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  });
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
  sort_candidates(sorted);
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
