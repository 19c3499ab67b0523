#include "daemon/engine/samplers/logit_edits.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace understory::engine {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

}  // namespace

float LogitEdit::apply(float logit) const {
  if (forbidden) return kNever;
  const float biased = logit + bias;
  return (biased > 0 ? biased / repeat : biased * repeat) - subtract;
}

float LogitEdits::apply(const model::Candidate& candidate) const {
  const auto edit = edits_.find(candidate.token);
  return edit == edits_.end() ? candidate.logit : edit->second.apply(candidate.logit);
}

Distribution LogitEdits::of_all(std::span<const model::Candidate> candidates) const {
  if (empty()) return to_distribution(candidates, log_sum_exp(candidates), true);
  std::vector<model::Candidate> edited;
  edited.reserve(candidates.size());
  for (const model::Candidate& c : candidates)
    if (const float logit = apply(c); logit != kNever) edited.push_back({c.token, logit});
  return to_distribution(edited, log_sum_exp(edited), true);
}

Distribution LogitEdits::of_top(const model::TopLogits& top) const {
  if (empty()) return to_distribution(top.candidates, top.logsumexp, false);
  const float bound = highest_unseen(top);
  std::vector<model::Candidate> head;
  std::size_t n_seen_edits = 0;
  double change = 0;  // of the sum of all probabilities
  for (const model::Candidate& c : top.candidates) {
    const bool is_edited = edits_.contains(c.token);
    const float logit = apply(c);
    n_seen_edits += is_edited;
    change += std::exp(logit - top.logsumexp) - std::exp(c.logit - top.logsumexp);
    // Of equals, the device hands over the lower ids; that says nothing of edited ones.
    if (is_edited || bound > top.candidates.back().logit ? logit > bound : logit >= bound)
      head.push_back({c.token, logit});
  }
  // What little is left of a sum that loses most of itself is not exact any more.
  const bool normalised = n_seen_edits == edits_.size() && change > -0.5;
  Distribution distribution =
      to_distribution(head, top.logsumexp + (normalised ? std::log1p(change) : 0.0), false);
  distribution.normalised = normalised;
  return distribution;
}

float LogitEdits::highest_unseen(const model::TopLogits& top) const {
  const float last = top.candidates.back().logit;
  std::unordered_set<tokenizer::TokenId> seen;
  for (const model::Candidate& c : top.candidates) seen.insert(c.token);
  float bound = last;
  for (const auto& [token, edit] : edits_)
    if (!seen.contains(token)) bound = std::max(bound, edit.apply(last));
  return bound;
}

}  // namespace understory::engine
