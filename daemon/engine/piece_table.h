// The vocabulary sorted by bytes: which tokens begin with given bytes.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "daemon/tokenizer/tokenizer.h"

namespace understory::engine {

/// Immutable. Keeps a pointer to the tokenizer, which must outlive it.
class PieceTable {
 public:
  explicit PieceTable(const tokenizer::Tokenizer& tokenizer);

  /// Tokens whose piece begins with `bytes` (and is not empty), in order of their pieces.
  /// Control tokens and end marks are in no answer.
  std::span<const tokenizer::TokenId> starting_with(std::string_view bytes) const;
  /// Tokens whose piece is `bytes`.
  std::span<const tokenizer::TokenId> spelling(std::string_view bytes) const;

 private:
  const tokenizer::Tokenizer* tokenizer_;
  std::vector<tokenizer::TokenId> by_piece_;
};

}  // namespace understory::engine
