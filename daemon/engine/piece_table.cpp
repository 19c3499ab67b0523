#include "daemon/engine/piece_table.h"

#include <algorithm>

namespace understory::engine {

using tokenizer::TokenId;

PieceTable::PieceTable(const tokenizer::Tokenizer& tokenizer) : tokenizer_(&tokenizer) {
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    if (tokenizer.piece(id).empty() || tokenizer.is_control(id)) continue;
    if (!tokenizer.is_end_of_generation(id)) by_piece_.push_back(id);
  }
  std::sort(by_piece_.begin(), by_piece_.end(), [&](TokenId a, TokenId b) {
    const int order = tokenizer.piece(a).compare(tokenizer.piece(b));
    return order != 0 ? order < 0 : a < b;
  });
}

std::span<const TokenId> PieceTable::starting_with(std::string_view bytes) const {
  const auto head = [&](TokenId id) { return tokenizer_->piece(id).substr(0, bytes.size()); };
  const auto begin = std::partition_point(by_piece_.begin(), by_piece_.end(),
                                          [&](TokenId id) { return head(id) < bytes; });
  const auto end =
      std::partition_point(begin, by_piece_.end(), [&](TokenId id) { return head(id) == bytes; });
  return {begin, end};
}

std::span<const TokenId> PieceTable::spelling(std::string_view bytes) const {
  const auto range = starting_with(bytes);
  const auto end = std::partition_point(range.begin(), range.end(), [&](TokenId id) {
    return tokenizer_->piece(id).size() == bytes.size();
  });
  return {range.begin(), end};
}

}  // namespace understory::engine
