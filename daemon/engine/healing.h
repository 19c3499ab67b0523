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

  /// Tokens that may come next where `rest` must still be spelled: those that begin with all of
  /// it, and `own`, the next token of the model's own spelling (healing_path.h). Where no token
  /// begins with all of it, those that spell its beginning where the tokenizer would split the
  /// text so. Empty only where no token spells the first byte.
  std::vector<tokenizer::TokenId> allowed(std::string_view rest,
                                          std::optional<tokenizer::TokenId> own) const;

  /// The same for a draw: nullopt where anything may come.
  std::optional<std::vector<tokenizer::TokenId>> allowed_next(
      std::string_view rest, std::optional<tokenizer::TokenId> own) const;

  /// The token begins with all of `rest`; it spells its beginning and leaves some of it.
  bool covers(tokenizer::TokenId token, std::string_view rest) const;
  bool spells_part(tokenizer::TokenId token, std::string_view rest) const;

  static constexpr std::size_t kMaxTokens = 8;

 private:
  bool is_text(tokenizer::TokenId token) const;
  std::vector<tokenizer::TokenId> heads(std::string_view rest) const;
  std::vector<tokenizer::TokenId> longest_head(std::string_view rest) const;
  /// Whether some text that begins with head and `rest` is tokenized with head first.
  bool splits_after(tokenizer::TokenId head, std::string_view rest) const;
  bool starts_with_head(std::string_view text, tokenizer::TokenId head) const;

  const tokenizer::Tokenizer* tokenizer_;
  PieceTable pieces_;
};

}  // namespace understory::engine
