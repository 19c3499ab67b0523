#include "daemon/engine/next_token.h"

#include <algorithm>
#include <cmath>

namespace understory::engine {
namespace {

using tokenizer::TokenId;

/// A damaged model may compute NaN or infinities; sorting needs numbers.
float finite(float logit) {
  constexpr float kLimit = 1e30f;
  return std::isnan(logit) ? -kLimit : std::clamp(logit, -kLimit, kLimit);
}

}  // namespace

const model::TopLogits& LogitsView::top() {
  if (top_) return *top_;
  top_ = model_.top(result_, std::min(kernels::kMaxTopK, vocab_size()));
  if (top_->candidates.empty())
    throw ErrorException({ErrorCode::kUnavailable, "the device was lost; restart the daemon"});
  for (auto& c : top_->candidates) c.logit = finite(c.logit);
  std::sort(top_->candidates.begin(), top_->candidates.end(), [](const auto& a, const auto& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  });
  return *top_;
}

const std::vector<model::Candidate>& LogitsView::all() {
  if (!all_.empty()) return all_;
  std::vector<float> logits(vocab_size());
  model_.logits(result_, logits);
  all_.reserve(logits.size());
  for (TokenId id = 0; id < logits.size(); ++id) all_.push_back({id, finite(logits[id])});
  return all_;
}

float LogitsView::logprob(TokenId token) {
  for (const auto& c : top().candidates)
    if (c.token == token) return static_cast<float>(c.logit - logsumexp());
  return static_cast<float>(all()[token].logit - logsumexp());
}

NextToken::NextToken(LogitsView& view, const SamplerParams& params,
                     std::optional<std::vector<TokenId>> allowed)
    : view_(view), params_(params), allowed_(std::move(allowed)) {}

TokenId NextToken::pick(double u) {
  if (auto token = shaped().pick(u)) return *token;
  shaped_ = shape(everything(), params_);
  return *shaped_->pick(u);
}

TokenId NextToken::likeliest(std::uint32_t rank) {
  const auto& candidates = view_.top().candidates;
  if (!allowed_ && rank < candidates.size()) return candidates[rank].token;
  const Distribution all = everything();
  return all.tokens[std::min<std::size_t>(rank, all.tokens.size() - 1)].token;
}

const Distribution& NextToken::shaped() {
  if (shaped_) return *shaped_;
  if (!allowed_) {
    const auto& top = view_.top();
    const bool complete = top.candidates.size() >= view_.vocab_size();
    shaped_ = shape(to_distribution(top.candidates, top.logsumexp, complete), params_);
  }
  if (!shaped_) shaped_ = shape(everything(), params_);
  return *shaped_;
}

Distribution NextToken::everything() {
  if (!allowed_) return to_distribution(view_.all(), log_sum_exp(view_.all()), true);
  std::vector<model::Candidate> candidates;
  for (const TokenId id : *allowed_) candidates.push_back(view_.all()[id]);
  return to_distribution(candidates, log_sum_exp(candidates), true);
}

}  // namespace understory::engine
