#include "daemon/engine/healing_path.h"

#include <algorithm>

namespace understory::engine {
namespace {

using tokenizer::TokenId;
using Tokens = std::span<const TokenId>;

/// What `sequence` has after its first n_prompt tokens, where `path` begins so.
std::optional<Tokens> taken_of(Tokens path, Tokens sequence, std::size_t n_prompt) {
  if (sequence.size() < n_prompt) return std::nullopt;
  const Tokens taken = sequence.subspan(n_prompt);
  if (taken.size() > path.size()) return std::nullopt;
  if (!std::equal(taken.begin(), taken.end(), path.begin())) return std::nullopt;
  return taken;
}

}  // namespace

std::optional<TokenId> OwnSpelling::after(Tokens sequence) const {
  const auto taken = taken_of(tokens, sequence, n_prompt);
  if (!taken || taken->size() == tokens.size()) return std::nullopt;
  return tokens[taken->size()];
}

HealingPath::HealingPath(Context& context, const Sequence& prompt, std::string removed,
                         std::uint32_t max_rows)
    : context_(context),
      prompt_(prompt),
      n_prompt_(prompt.size()),
      removed_(std::move(removed)),
      max_rows_(max_rows) {}

void HealingPath::take(LogitsView view) {
  views_.push_back(std::move(view));
  const TokenId choice = views_.back().likeliest();
  covers_ = context_.healing.covers(choice, rest());
  done_ = !context_.healing.spells_part(choice, rest()) || !may_go_on();
  if (done_) return;
  views_.back().keep();
  if (!sequence_) sequence_ = prompt_.fork();
  sequence_->append(choice);
  tokens_.push_back(choice);
  n_spelled_ += context_.tokenizer.piece(choice).size();
}

bool HealingPath::may_go_on() const {
  return n_rows() < max_rows_ && n_prompt_ + n_rows() + 1 < context_.max_positions();
}

OwnSpelling HealingPath::spelling() const {
  if (!covers_) return {n_prompt_, {}};
  return {n_prompt_, tokens_};
}

LogitsView* HealingPath::after(Tokens tokens) {
  const auto taken = taken_of(tokens_, tokens, n_prompt_);
  return taken && !taken->empty() ? &views_[taken->size()] : nullptr;
}

}  // namespace understory::engine
