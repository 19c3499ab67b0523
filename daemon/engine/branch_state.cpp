#include "daemon/engine/branch_state.h"

#include <algorithm>

#include "daemon/engine/confidence.h"

namespace understory::engine {

using tokenizer::TokenId;

std::vector<TopToken> top_tokens(LogitsView& view, std::uint32_t n,
                                 const tokenizer::Tokenizer& tokenizer) {
  std::vector<TopToken> result;
  if (n == 0) return result;
  const auto& candidates = view.top().candidates;
  for (std::size_t i = 0; i < std::min<std::size_t>(n, candidates.size()); ++i) {
    const TokenId id = candidates[i].token;
    result.push_back({id, std::string(tokenizer.piece(id)), view.logprob(id)});
  }
  return result;
}

BranchState::BranchState(const BranchRules& rules, Sequence sequence, std::uint64_t seed,
                         std::string to_heal, Emit emit)
    : rules_(rules),
      sequence_(std::move(sequence)),
      seed_(seed),
      to_heal_(std::move(to_heal)),
      emit_(std::move(emit)),
      mu_(rules.sampler->mirostat().first_mu()),
      watch_(rules.text) {}

void BranchState::step(LogitsView& view) {
  const Allowed allowed = rules_.healing->allowed_first(to_heal_);
  NextToken next(view, *rules_.sampler, sequence_.tokens(), allowed, {}, mu_);
  accept(next.pick({seed_, n_draws_}), view, allowed);
}

void BranchState::accept(std::optional<Drawn> drawn, LogitsView& view, const Allowed& allowed) {
  ++n_draws_;
  if (!drawn) return finish(FinishReason::kBanned);
  mu_ = rules_.sampler->mirostat().next_mu(mu_, drawn->surprise_bits);
  const TokenId token = drawn->token;
  const tokenizer::Tokenizer& tokenizer = *rules_.tokenizer;
  // A control token in the midst of prose is a text's end as well.
  if (tokenizer.is_end_of_generation(token) || tokenizer.is_control(token))
    return finish(FinishReason::kEndOfText);
  if (!is_confident(view, token, rules_.params->stop, allowed))
    return finish(FinishReason::kConfidence);
  take(token, view);
}

void BranchState::take(TokenId token, LogitsView& view) {
  const tokenizer::Tokenizer& tokenizer = *rules_.tokenizer;
  std::string_view piece = tokenizer.piece(token);
  const std::size_t n_healed = std::min(to_heal_.size(), piece.size());
  to_heal_.erase(0, n_healed);
  const std::string_view text = piece.substr(n_healed);
  if (text.empty() && n_healed > 0) ++n_healing_draws_;
  if (!text.empty() || n_healed == 0) {
    tokens_.push_back({token, std::string(text), view.logprob(token),
                       top_tokens(view, rules_.params->top, tokenizer)});
    add_text(text);
    if (!finished() && tokens_.size() >= rules_.params->stop.max_tokens)
      finish(FinishReason::kLength);
  }
  if (finished()) return;
  if (sequence_.size() >= rules_.max_positions) return finish(FinishReason::kContext);
  sequence_.append(token);
}

void BranchState::add_text(std::string_view bytes) {
  const std::string whole = characters_.push(bytes);
  if (whole.empty()) return;
  text_ += whole;
  const TextWatch::Verdict verdict = watch_.look(text_);
  suppressed_ = verdict.suppressed;
  if (verdict.end) return finish_at(*verdict.end, verdict.reason);
  emit_up_to(verdict.safe);
}

void BranchState::finish_at(std::size_t end, FinishReason reason) {
  characters_.flush();
  cut(end);
  finish(reason);
}

void BranchState::finish(FinishReason reason) {
  if (finished()) return;
  finish_reason_ = reason;
  text_ += characters_.flush();
  const TextWatch::Closing closing = watch_.close(text_);
  if (closing.end < text_.size()) cut(closing.end);
  // A branch that was not let go on may have had something to say.
  const bool interrupted = reason == FinishReason::kCancelled || reason == FinishReason::kTime;
  const bool unsaid = interrupted && closing.suppressed == Suppressed::kEmpty;
  if (!suppressed_ && !unsaid) suppressed_ = closing.suppressed;
  if (!suppressed_) emit_up_to(text_.size());
}

void BranchState::release() {
  released_ = true;
  emit_up_to(n_safe_);
}

void BranchState::emit_up_to(std::size_t end) {
  n_safe_ = std::max(n_safe_, end);
  if (!released_ || n_safe_ <= n_emitted_) return;
  const std::size_t begin = n_emitted_;
  n_emitted_ = n_safe_;
  emit_(text_.substr(begin, n_safe_ - begin));
}

void BranchState::cut(std::size_t end) {
  text_.resize(end);
  drop_tokens_after(end);
}

void BranchState::drop_tokens_after(std::size_t end) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    TokenResult& token = tokens_[i];
    if (begin + token.text.size() < end) {
      begin += token.text.size();
      continue;
    }
    token.text.resize(end - begin);
    tokens_.resize(token.text.empty() ? i : i + 1);
    return;
  }
}

Branch BranchState::result() const {
  Branch branch;
  branch.finish_reason = finish_reason_.value_or(FinishReason::kCancelled);
  branch.suppressed = suppressed_;
  branch.seed = seed_;
  if (suppressed_) return branch;
  branch.text = text_;
  branch.tokens = tokens_;
  double sum = 0;
  for (const TokenResult& token : tokens_) sum += token.logprob;
  if (!tokens_.empty()) branch.mean_logprob = static_cast<float>(sum / tokens_.size());
  return branch;
}

}  // namespace understory::engine
