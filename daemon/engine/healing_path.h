// The model's own spelling of the bytes to heal: its likeliest tokens after the prompt, one after
// another, as long as they spell what was removed. Where they come to cover it, they are what
// greedy decoding wrote there before the word was cut, and may come again.
//
// Other tokens that spell only the beginning of the removed bytes may not, since they have the
// probability of all the words that the rest of the bytes excludes (" an" stands for the article
// as well), where those that cover the bytes have that of fitting words alone.
//
// A row is computed for each token that leaves something to spell, once for all branches; a branch
// that takes these tokens finds the rows' results here.
//
// Engine thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/engine/context.h"
#include "daemon/engine/next_token.h"
#include "daemon/engine/sequence.h"

namespace understory::engine {

/// The tokens of the model's own spelling that leave something to spell; empty where it does not
/// come to cover the removed bytes.
struct OwnSpelling {
  std::size_t n_prompt = 0;  // tokens before them
  std::vector<tokenizer::TokenId> tokens;

  /// The next of them where `sequence` has followed them so far.
  std::optional<tokenizer::TokenId> after(std::span<const tokenizer::TokenId> sequence) const;
};

class HealingPath {
 public:
  /// `prompt` is computed to its end and stays until done(). `max_rows`: as many tokens as were
  /// taken back, so that healing costs no more.
  HealingPath(Context& context, const Sequence& prompt, std::string removed,
              std::uint32_t max_rows);

  /// The result of the prompt's last row, then of each row of sequence().
  void take(LogitsView view);
  /// Nothing more is to be computed.
  bool done() const { return done_; }
  /// With one row to compute, until done().
  Sequence& sequence() { return *sequence_; }
  std::uint32_t n_rows() const { return static_cast<std::uint32_t>(tokens_.size()); }

  /// After done().
  OwnSpelling spelling() const;
  /// The model's distribution after the prompt. Valid until the next forward(), as is after().
  LogitsView& first() { return views_.front(); }
  /// That after `tokens`, where they are the prompt and tokens of sequence(); else null.
  LogitsView* after(std::span<const tokenizer::TokenId> tokens);
  /// The first n_tokens of sequence(), computed.
  Sequence computed(std::uint32_t n_tokens) const { return sequence_->fork(n_tokens); }

 private:
  std::string_view rest() const { return std::string_view(removed_).substr(n_spelled_); }
  bool may_go_on() const;

  Context& context_;
  const Sequence& prompt_;
  std::uint32_t n_prompt_;
  std::string removed_;
  std::uint32_t max_rows_;
  std::size_t n_spelled_ = 0;  // bytes
  std::vector<tokenizer::TokenId> tokens_;
  std::vector<LogitsView> views_;     // after the prompt, then after each of the tokens
  std::optional<Sequence> sequence_;  // the prompt and the tokens, where there are any
  bool done_ = false;
  bool covers_ = false;
};

}  // namespace understory::engine
