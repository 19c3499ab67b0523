#include "daemon/engine/branch_state.h"

#include <algorithm>

#include "daemon/engine/confidence.h"
#include "daemon/engine/stop_rules.h"

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
      mu_(rules.sampler->mirostat().first_mu()) {}

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
  const StopScan scan = find_unit_end(rules_.params->stop.until, rules_.before, text_);
  if (scan.end) return finish_at(*scan.end);
  emit_up_to(scan.safe);
}

void BranchState::finish_at(std::size_t end) {
  text_.resize(end);
  characters_.flush();
  drop_tokens_after(end);
  finish(FinishReason::kStop);
}

void BranchState::finish(FinishReason reason) {
  if (finished()) return;
  finish_reason_ = reason;
  text_ += characters_.flush();
  emit_up_to(text_.size());
}

void BranchState::emit_up_to(std::size_t end) {
  if (end <= n_emitted_) return;
  const std::size_t begin = n_emitted_;
  n_emitted_ = end;
  emit_(text_.substr(begin, end - begin));
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
  branch.text = text_;
  branch.tokens = tokens_;
  branch.finish_reason = finish_reason_.value_or(FinishReason::kCancelled);
  branch.seed = seed_;
  double sum = 0;
  for (const TokenResult& token : tokens_) sum += token.logprob;
  if (!tokens_.empty()) branch.mean_logprob = static_cast<float>(sum / tokens_.size());
  return branch;
}

}  // namespace understory::engine
