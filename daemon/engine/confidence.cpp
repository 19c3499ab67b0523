#include "daemon/engine/confidence.h"

#include <algorithm>
#include <cmath>

namespace understory::engine {
namespace {

/// Log-probabilities of the token in question and of the two likeliest.
struct Odds {
  double token = 0;
  double first = 0;
  double second = -INFINITY;
};

Odds odds_of_all(LogitsView& view, tokenizer::TokenId token) {
  const auto& top = view.top().candidates;
  Odds odds{view.logprob(token), top[0].logit - view.logsumexp()};
  if (top.size() > 1) odds.second = top[1].logit - view.logsumexp();
  return odds;
}

Odds odds_among(LogitsView& view, tokenizer::TokenId token,
                const std::vector<tokenizer::TokenId>& allowed) {
  std::vector<model::Candidate> candidates;
  for (const tokenizer::TokenId id : allowed) candidates.push_back(view.all()[id]);
  const auto n_first = std::min<std::ptrdiff_t>(2, std::ssize(candidates));
  std::partial_sort(candidates.begin(), candidates.begin() + n_first, candidates.end(),
                    [](const auto& a, const auto& b) { return a.logit > b.logit; });
  const double total = log_sum_exp(candidates);
  Odds odds{view.all()[token].logit - total, candidates[0].logit - total};
  if (n_first > 1) odds.second = candidates[1].logit - total;
  return odds;
}

}  // namespace

bool is_confident(LogitsView& view, tokenizer::TokenId token, const StopParams& stop,
                  const std::optional<std::vector<tokenizer::TokenId>>& allowed) {
  if (stop.min_probability <= 0 && stop.min_margin <= 0) return true;
  const Odds odds =
      allowed && !allowed->empty() ? odds_among(view, token, *allowed) : odds_of_all(view, token);
  return std::exp(odds.token) >= stop.min_probability &&
         std::exp(odds.first) - std::exp(odds.second) >= stop.min_margin;
}

}  // namespace understory::engine
