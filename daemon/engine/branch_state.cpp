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
      watch_(rules.text),
      bans_(rules.bans) {}

BranchState::BranchState(const BranchRules& rules, Sequence sequence, BranchMemory memory,
                         Emit emit)
    : rules_(rules),
      sequence_(std::move(sequence)),
      seed_(memory.seed),
      emit_(std::move(emit)),
      n_draws_(memory.n_draws),
      mu_(memory.mu),
      watch_(rules.text),
      bans_(rules.bans) {
  replay(memory);
  drawn_ = std::move(memory.drawn);
}

void BranchState::replay(const BranchMemory& memory) {
  // What ended the suggestion may have been something else than its text and length.
  const bool as_shown = memory.n_shown > 0 && !memory.was_cut_short();
  std::size_t n_left = as_shown ? memory.n_shown : std::string::npos;
  for (auto known = memory.drawn.begin(); known != memory.drawn.end() && !finished(); ++known) {
    TokenResult token = *known;
    token.text.resize(std::min(token.text.size(), n_left));
    n_left -= as_shown ? token.text.size() : 0;
    n_bytes_ += token.text.size();
    if (bans_ && bans_->push(token.text)) bans_->cut(n_bytes_);  // shown is shown
    add_token(std::move(token));
    if (as_shown && n_left == 0) finish(memory.reason);
  }
  if (memory.ended) finish(FinishReason::kEndOfText);
}

std::optional<BranchMemory> BranchState::memory() const {
  if (!to_heal_.empty() || drawn_.empty() || suppressed_) return std::nullopt;
  BranchMemory memory;
  memory.tokens = sequence_.tokens();
  memory.drawn = drawn_;
  memory.n_shown = text_.size();
  memory.reason = finish_reason_.value_or(FinishReason::kCancelled);
  memory.ended = memory.reason == FinishReason::kEndOfText ||
                 memory.reason == FinishReason::kContext || memory.reason == FinishReason::kBanned;
  memory.seed = seed_;
  memory.n_draws = n_draws_;
  memory.mu = mu_;
  return memory;
}

void BranchState::step(LogitsView& view) {
  const Allowed allowed =
      rules_.healing->allowed_next(to_heal_, rules_.spelling.after(sequence_.tokens()));
  accept(draw(view, allowed), view, allowed);
}

std::optional<Drawn> BranchState::draw(LogitsView& view, const Allowed& allowed) {
  std::span<const TokenId> forbidden;
  if (trail_.size() < forbidden_.size()) forbidden = forbidden_[trail_.size()];
  NextToken next(view, *rules_.sampler, sequence_.tokens(), allowed, forbidden, mu_);
  return next.pick({seed_, n_draws_});
}

void BranchState::accept(std::optional<Drawn> drawn, LogitsView& view, const Allowed& allowed) {
  const tokenizer::Tokenizer& tokenizer = *rules_.tokenizer;
  while (true) {
    ++n_draws_;
    if (!drawn) return go_back_one();
    const TokenId token = drawn->token;
    // A control token in the midst of prose is a text's end as well.
    if (tokenizer.is_end_of_generation(token) || tokenizer.is_control(token))
      return finish(FinishReason::kEndOfText);
    if (!is_confident(view, token, rules_.params->stop, allowed))
      return finish(FinishReason::kConfidence);
    const std::optional<Position> ban = find_ban(token);
    if (!ban) return take(*drawn, view);
    const bool is_here = *ban == trail_.size();
    if (!forbid(*ban, is_here ? token : trail_[*ban].token)) return finish(FinishReason::kBanned);
    if (!is_here) return;  // the logits there come with the next step
    drawn = draw(view, allowed);
  }
}

std::optional<BranchState::Position> BranchState::find_ban(TokenId token) {
  if (!bans_) return std::nullopt;
  const std::string_view piece = rules_.tokenizer->piece(token);
  const auto begin = bans_->push(piece.substr(std::min(to_heal_.size(), piece.size())));
  if (!begin) return std::nullopt;
  const Position position = position_of(*begin);
  bans_->cut(n_bytes_);
  return position;
}

BranchState::Position BranchState::position_of(std::ptrdiff_t byte) const {
  const std::size_t at = byte < 0 ? 0 : static_cast<std::size_t>(byte);
  if (n_bytes_ <= at) return trail_.size();
  // The last token that begins there or before: those before the first of the text add nothing.
  // Where the branch goes on with an earlier request's, what that one drew stays.
  const auto after =
      std::upper_bound(trail_.begin(), trail_.end(), at,
                       [](std::size_t b, const Mark& mark) { return b < mark.n_bytes; });
  return after == trail_.begin() ? trail_.size()
                                 : static_cast<Position>(after - trail_.begin()) - 1;
}

bool BranchState::forbid(Position position, TokenId token) {
  constexpr std::size_t kMaxForbidden = 64;  // at one position
  constexpr std::uint32_t kMaxRefused = 512;
  if (position < trail_.size()) go_back_to(position);
  forbidden_.resize(position + 1);
  forbidden_[position].push_back(token);
  return forbidden_[position].size() <= kMaxForbidden && ++n_refused_ <= kMaxRefused;
}

void BranchState::go_back_to(Position position) {
  Mark& mark = trail_[position];
  sequence_.cut(mark.n_sequence);
  n_bytes_ = mark.n_bytes;
  text_.resize(mark.n_text);
  tokens_.resize(mark.n_tokens);
  drawn_.resize(mark.n_drawn);
  to_heal_ = std::move(mark.to_heal);
  characters_ = std::move(mark.characters);
  mu_ = mark.mu;
  n_safe_ = mark.n_safe;
  watch_ = mark.watch;
  bans_->cut(n_bytes_);
  trail_.erase(trail_.begin() + static_cast<std::ptrdiff_t>(position), trail_.end());
}

/// Nothing may come here: then what led here may not either.
void BranchState::go_back_one() {
  const bool can = !trail_.empty() && trail_.back().n_safe >= n_emitted_;
  if (!can || !forbid(trail_.size() - 1, trail_.back().token)) finish(FinishReason::kBanned);
}

void BranchState::take(const Drawn& drawn, LogitsView& view) {
  const TokenId token = drawn.token;
  if (bans_)
    trail_.push_back({token, sequence_.size(), n_bytes_, text_.size(), tokens_.size(),
                      drawn_.size(), n_safe_, to_heal_, characters_, watch_, mu_});
  mu_ = rules_.sampler->mirostat().next_mu(mu_, drawn.surprise_bits);
  const tokenizer::Tokenizer& tokenizer = *rules_.tokenizer;
  std::string_view piece = tokenizer.piece(token);
  const std::size_t n_healed = std::min(to_heal_.size(), piece.size());
  to_heal_.erase(0, n_healed);
  const std::string_view text = piece.substr(n_healed);
  n_bytes_ += text.size();
  drawn_.push_back({token, std::string(text), view.logprob(token),
                    top_tokens(view, rules_.params->top, tokenizer)});
  if (!text.empty() || n_healed == 0) add_token(drawn_.back());
  // Also after the end: who goes on later begins there.
  if (sequence_.size() >= rules_.max_positions) return finish(FinishReason::kContext);
  sequence_.append(token);
}

void BranchState::add_token(TokenResult token) {
  tokens_.push_back(std::move(token));
  add_text(std::string(tokens_.back().text));
  if (!finished() && tokens_.size() >= rules_.params->stop.max_tokens)
    finish(FinishReason::kLength);
}

void BranchState::add_text(std::string_view bytes) {
  const std::string whole = characters_.push(bytes);
  text_ += whole;
  if (whole.empty()) return;
  const TextWatch::Verdict verdict = watch_.look(text_);
  suppressed_ = verdict.suppressed;
  if (verdict.end) return finish_at(*verdict.end, verdict.reason);
  emit_up_to(std::min(verdict.safe, lasting()));
}

std::size_t BranchState::lasting() const {
  if (!bans_) return text_.size();
  const Position open = position_of(bans_->open_from());
  // Back there, another token may complete what was open then, or end the text before.
  return open == trail_.size() ? text_.size() : trail_[open].n_safe;
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

Opening BranchState::opening() const {
  if (finished()) return {text_, true};
  return {std::string_view(text_).substr(0, lasting()), false};
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
