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

NextToken::NextToken(LogitsView& view, const Sampler& sampler, std::span<const TokenId> history,
                     std::optional<std::vector<TokenId>> allowed,
                     std::span<const TokenId> forbidden, double mu)
    : view_(view),
      sampler_(sampler),
      edits_(sampler.edits(history)),
      allowed_(std::move(allowed)),
      mu_(mu) {
  for (const TokenId token : forbidden) edits_.at(token).forbidden = true;
}

std::optional<Drawn> NextToken::pick(const Draw& draw) {
  if (sampler_.is_greedy()) return likeliest(0);
  const bool with_xtc = sampler_.xtc_strikes(draw);
  const Distribution* from = &shaped(with_xtc);
  std::optional<TokenId> token = from->pick(draw.position());
  if (!token && !from->complete) {
    shaped_[with_xtc] = sampler_.shape(everything(), with_xtc, mu_);
    from = &*shaped_[with_xtc];
    token = from->pick(draw.position());
  }
  if (!token) return std::nullopt;
  if (sampler_.mirostat().is_off()) return Drawn{*token};
  const auto drawn = std::find_if(from->tokens.begin(), from->tokens.end(),
                                  [&](const Weighted& w) { return w.token == *token; });
  return Drawn{*token, -std::log2(drawn->probability * from->kept)};
}

std::optional<Drawn> NextToken::likeliest(std::uint32_t rank) {
  const Distribution likely = head();
  if (rank < likely.tokens.size()) return Drawn{likely.tokens[rank].token};
  const auto& all = everything().tokens;
  if (all.empty()) return std::nullopt;
  return Drawn{all[std::min<std::size_t>(rank, all.size() - 1)].token};
}

const Distribution& NextToken::shaped(bool with_xtc) {
  auto& shaped = shaped_[with_xtc];
  if (!shaped) shaped = shape_top(with_xtc);
  if (!shaped) shaped = sampler_.shape(everything(), with_xtc, mu_);
  return *shaped;
}

std::optional<Distribution> NextToken::shape_top(bool with_xtc) {
  const Distribution likely = head();
  if (likely.tokens.empty()) return std::nullopt;
  return sampler_.shape(likely, with_xtc, mu_);
}

Distribution NextToken::head() {
  const auto& top = view_.top();
  const bool complete = top.candidates.size() >= view_.vocab_size();
  Distribution likely = complete ? edits_.of_all(top.candidates) : edits_.of_top(top);
  if (!allowed_) return likely;
  std::vector<bool> is_allowed(view_.vocab_size());
  for (const TokenId id : *allowed_) is_allowed[id] = true;
  std::erase_if(likely.tokens, [&](const Weighted& w) { return !is_allowed[w.token]; });
  if (complete) {
    likely.renormalise();
  } else {
    likely.normalised = false;
  }
  return likely;
}

const Distribution& NextToken::everything() {
  if (everything_) return *everything_;
  if (!allowed_) return everything_.emplace(edits_.of_all(view_.all()));
  std::vector<model::Candidate> candidates;
  for (const TokenId id : *allowed_) candidates.push_back(view_.all()[id]);
  return everything_.emplace(edits_.of_all(candidates));
}

}  // namespace understory::engine
