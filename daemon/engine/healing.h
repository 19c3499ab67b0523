// Token healing: a prefix may end where no token would have ended ("ann" of "annoying", or a
// space that belongs to the next word). The prompt is cut back to a boundary that the
// continuation cannot move, and the first tokens are held to spell the removed bytes again,
// in whatever tokens the model likes. The healed bytes are not part of the suggestion.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/engine/piece_table.h"
#include "daemon/tokenizer/tokenizer.h"

namespace understory::engine {

struct HealingCut {
  std::size_t n_kept = 0;  // tokens of the prompt
  std::string removed;     // the bytes of the others
};

/// Immutable; any thread. Keeps a pointer to the tokenizer, which must outlive it.
class Healing {
 public:
  explicit Healing(const tokenizer::Tokenizer& tokenizer)
      : tokenizer_(&tokenizer), pieces_(tokenizer) {}

  /// Removes the last token, and those before it that belong to the same word (at most
  /// kMaxTokens in all; a longer word loses its last token only).
  HealingCut cut(std::span<const tokenizer::TokenId> tokens) const;

  /// Tokens that may come next where `rest` must still be spelled: those that begin with all
  /// of it, and those that spell its beginning where the tokenizer itself would split the
  /// text so. Never empty unless no token spells the first byte.
  std::vector<tokenizer::TokenId> allowed(std::string_view rest) const;

  /// The same for a draw: nullopt where anything may come.
  std::optional<std::vector<tokenizer::TokenId>> allowed_first(std::string_view rest) const;

  static constexpr std::size_t kMaxTokens = 8;

 private:
  bool splits_after(tokenizer::TokenId head, std::string_view rest) const;
  std::vector<tokenizer::TokenId> encode_inside(std::string_view text) const;

  const tokenizer::Tokenizer* tokenizer_;
  PieceTable pieces_;
};

}  // namespace understory::engine
