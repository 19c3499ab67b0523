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

std::vector<TokenId> Healing::allowed(std::string_view rest, std::optional<TokenId> own) const {
  const auto covering = pieces_.starting_with(rest);
  std::vector<TokenId> tokens =
      covering.empty() ? heads(rest) : std::vector<TokenId>(covering.begin(), covering.end());
  if (own && std::find(tokens.begin(), tokens.end(), *own) == tokens.end()) tokens.push_back(*own);
  return tokens;
}

bool Healing::covers(TokenId token, std::string_view rest) const {
  return is_text(token) && tokenizer_->piece(token).starts_with(rest);
}

bool Healing::spells_part(TokenId token, std::string_view rest) const {
  const std::string_view piece = tokenizer_->piece(token);
  return is_text(token) && piece.size() < rest.size() && rest.starts_with(piece);
}

bool Healing::is_text(TokenId token) const {
  return !tokenizer_->piece(token).empty() && !tokenizer_->is_control(token) &&
         !tokenizer_->is_end_of_generation(token);
}

std::vector<TokenId> Healing::longest_head(std::string_view rest) const {
  for (std::size_t length = rest.size(); length-- > 1;) {
    const auto found = pieces_.spelling(rest.substr(0, length));
    if (!found.empty()) return {found.begin(), found.end()};
  }
  return {};
}

std::vector<TokenId> Healing::heads(std::string_view rest) const {
  std::vector<TokenId> tokens;
  for (std::size_t length = 1; length < rest.size(); ++length)
    for (const TokenId head : pieces_.spelling(rest.substr(0, length)))
      if (splits_after(head, rest.substr(length))) tokens.push_back(head);
  return tokens.empty() ? longest_head(rest) : tokens;
}

std::optional<std::vector<TokenId>> Healing::allowed_next(std::string_view rest,
                                                          std::optional<TokenId> own) const {
  if (rest.empty()) return std::nullopt;
  std::vector<TokenId> tokens = allowed(rest, own);
  if (tokens.empty()) return std::nullopt;
  return tokens;
}

bool Healing::splits_after(TokenId head, std::string_view rest) const {
  const std::string first(tokenizer_->piece(head));
  if (starts_with_head(first + std::string(rest), head)) return true;
  // A word that goes on differently may still be split here. Tries are spread over the tokens
  // that could come second: neighbours in the table are much alike.
  constexpr std::size_t kMaxTried = 64;
  const auto seconds = pieces_.starting_with(rest);
  const std::size_t step = std::max<std::size_t>(1, seconds.size() / kMaxTried);
  for (std::size_t i = 0; i < seconds.size(); i += step)
    if (starts_with_head(first + std::string(tokenizer_->piece(seconds[i])), head)) return true;
  return false;
}

bool Healing::starts_with_head(std::string_view text, TokenId head) const {
  const auto tokens = tokenizer_->encode(text, {.space_prefix = false});
  return tokens.size() > 1 && tokens[0] == head;
}

}  // namespace understory::engine
