#include "daemon/engine/loop.h"

#include <algorithm>

#include "base/utf8.h"
#include "daemon/engine/characters.h"
#include "daemon/engine/utf8.h"
#include "daemon/engine/words.h"

namespace understory::engine {
namespace {

char folded(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

/// Bytes at the end of `text` that equal those `round` before them; counts up to `limit`.
std::size_t n_repeated(std::string_view text, std::size_t round, std::size_t limit) {
  std::size_t n = 0;
  while (n < limit && n + round < text.size() &&
         folded(text[text.size() - 1 - n]) == folded(text[text.size() - 1 - n - round]))
    ++n;
  return n;
}

bool begins_word(std::string_view text, std::size_t at) {
  const char32_t c = code_point_at(text, at).value;
  if (is_space(c) || is_cjk_letter(c) || at == 0) return true;
  return is_word_character(c) && !in_one_word(code_point_before(text, at).value, c);
}

bool begins_sentence(std::string_view text, std::size_t at) {
  if (at == 0) return true;
  const char32_t before = code_point_before(text, at).value;
  if (before == '\n' || is_cjk_terminator(before)) return true;
  return is_space(code_point_at(text, at).value) && (is_terminator(before) || is_closer(before));
}

/// Where a second round that has begun is to be held back from.
std::size_t hold_from(std::string_view text, std::size_t round, std::size_t n) {
  constexpr std::size_t kTinyRound = 2;  // "....", "-=-=-="
  constexpr std::size_t kManyBytes = 4;
  std::size_t at = text.size() - n;
  const bool tiny = round <= kTinyRound && n >= kManyBytes;
  for (; at < text.size(); ++at) {
    if (is_continuation(text[at])) continue;
    if (tiny) break;
    if (round <= LoopWatch::kShortRound ? begins_word(text, at) : begins_sentence(text, at)) break;
  }
  return at;
}

}  // namespace

LoopWatch::Scan LoopWatch::look(std::string_view text) {
  Scan scan{std::nullopt, text.size()};
  for (std::size_t round = 1; round <= kLongestRound && round < text.size(); ++round) {
    const std::size_t limit = std::max(round <= kPhraseRound ? 2 * round : round, kMinRepeated);
    const std::size_t n = n_repeated(text, round, limit);
    if (n == limit) {
      const std::size_t end = std::min(safe_, text.size());
      return {end, end};
    }
    if (n > 0) scan.safe = std::min(scan.safe, hold_from(text, round, n));
  }
  safe_ = std::max(safe_, scan.safe);
  return scan;
}

}  // namespace understory::engine
