#include "daemon/engine/healing.h"

#include <algorithm>

#include "daemon/engine/characters.h"
#include "daemon/engine/utf8.h"

namespace understory::engine {
namespace {

using tokenizer::TokenId;

/// True where a word runs across the boundary between two pieces, where the left one ends with
/// the space that belongs to the word, or where both are parts of a split character.
bool joins_word(std::string_view left, std::string_view right) {
  if (left.ends_with(' ')) return !is_space(code_point_at(right, 0).value);
  const char32_t after = code_point_at(right, 0).value;
  const char32_t before = code_point_before(left, left.size()).value;
  const auto inside = [](char32_t c, std::string_view side, bool front) {
    const auto byte = static_cast<unsigned char>(front ? side.front() : side.back());
    return is_word_character(c) || (byte >= 0x80 && c == byte);
  };
  return inside(before, left, false) && inside(after, right, true);
}

}  // namespace

HealingCut Healing::cut(std::span<const TokenId> tokens) const {
  std::size_t begin = tokens.size();
  while (begin > 0 && tokens.size() - begin <= kMaxTokens) {
    const std::string_view piece = tokenizer_->piece(tokens[begin - 1]);
    if (piece.empty()) break;  // a control token stays
    if (begin < tokens.size() && !joins_word(piece, tokenizer_->piece(tokens[begin]))) break;
    --begin;
  }
  if (tokens.size() - begin > kMaxTokens) begin = tokens.size() - 1;
  HealingCut result;
  result.n_kept = begin;
  for (const TokenId token : tokens.subspan(begin)) result.removed += tokenizer_->piece(token);
  return result;
}

std::vector<TokenId> Healing::allowed(std::string_view rest) const {
  const auto covering = pieces_.starting_with(rest);
  std::vector<TokenId> tokens(covering.begin(), covering.end());
  for (std::size_t length = 1; length < rest.size(); ++length)
    for (const TokenId head : pieces_.spelling(rest.substr(0, length)))
      if (splits_after(head, rest.substr(length))) tokens.push_back(head);
  for (std::size_t length = rest.size(); tokens.empty() && length-- > 1;) {
    const auto heads = pieces_.spelling(rest.substr(0, length));
    tokens.assign(heads.begin(), heads.end());
  }
  return tokens;
}

std::optional<std::vector<TokenId>> Healing::allowed_first(std::string_view rest) const {
  if (rest.empty()) return std::nullopt;
  std::vector<TokenId> tokens = allowed(rest);
  if (tokens.empty()) return std::nullopt;
  return tokens;
}

bool Healing::splits_after(TokenId head, std::string_view rest) const {
  const std::string first(tokenizer_->piece(head));
  const auto begins_with_head = [&](std::string_view second) {
    const auto tokens = encode_inside(first + std::string(second));
    return tokens.size() > 1 && tokens[0] == head;
  };
  if (begins_with_head(rest)) return true;
  // A word that goes on differently may still be split here.
  constexpr std::size_t kMaxTried = 64;
  const auto seconds = pieces_.starting_with(rest);
  for (std::size_t i = 0; i < std::min(seconds.size(), kMaxTried); ++i)
    if (begins_with_head(tokenizer_->piece(seconds[i]))) return true;
  return false;
}

std::vector<TokenId> Healing::encode_inside(std::string_view text) const {
  // Where encode() puts a space before the text, a text that has one gives it up for that;
  // one that has none cannot be judged alone and is taken as written.
  if (tokenizer_->adds_space_prefix() && text.starts_with(' ')) text.remove_prefix(1);
  return tokenizer_->encode(text);
}

}  // namespace understory::engine
