#include "daemon/engine/suffix_overlap.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/utf8.h"
#include "daemon/engine/characters.h"
#include "daemon/engine/utf8.h"
#include "daemon/engine/words.h"

namespace understory::engine {
namespace {

struct Collapsed {
  std::string text;                  // each run of white space as one space
  std::vector<std::size_t> offsets;  // where each byte of it, or its run, begins in the original
};

bool ends_with_space(std::string_view text) {
  return !text.empty() && is_space(code_point_before(text, text.size()).value);
}

Collapsed collapse(std::string_view text, bool after_space) {
  Collapsed out;
  if (after_space) {
    out.text = " ";
    out.offsets = {0};
  }
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    const bool space = is_space(c.value);
    if (!space || !out.text.ends_with(' ')) {
      out.text += space ? std::string_view(" ") : text.substr(at, c.length);
      out.offsets.resize(out.text.size(), at);
    }
    at += c.length;
  }
  return out;
}

bool is_boundary(std::string_view text, std::size_t at) {
  return at == 0 || at == text.size() ||
         !in_one_word(code_point_before(text, at).value, code_point_at(text, at).value);
}

/// The end of the punctuation at the beginning of `suffix` that ends a sentence or closes a quote
/// or a bracket; 0 where there is none.
std::size_t closing_end(std::string_view suffix) {
  std::size_t at = 0;
  while (at < suffix.size()) {
    const CodePoint c = code_point_at(suffix, at);
    if (!is_terminator(c.value) && !is_cjk_terminator(c.value) && !is_closer(c.value)) break;
    at += c.length;
  }
  return at;
}

/// The end of the first n words of `text`, else of its last character that is not white space.
std::size_t words_end(std::string_view text, std::size_t n) {
  std::size_t n_words = 0;
  std::size_t last = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    at += c.length;
    if (is_space(c.value)) continue;
    last = at;
    const bool word_ends = is_word_character(c.value) && is_boundary(text, at);
    if (word_ends && ++n_words == n) return at;
  }
  return last;
}

}  // namespace

SuffixOverlap::SuffixOverlap(std::string_view suffix) {
  std::size_t end = std::min(suffix.size(), kMaxBytes);
  while (end < suffix.size() && end > 0 && is_continuation(suffix[end])) --end;
  suffix_ = collapse(suffix.substr(0, end), false).text;
  head_ = closing_end(suffix_);
  closes_ = head_ > 0;
  if (!closes_) head_ = words_end(suffix_, kMeetWords);
}

bool SuffixOverlap::begins_at(std::size_t from, std::string_view before,
                              std::string_view text) const {
  // A closing quote may be an apostrophe, which looks like a part of the word before it.
  if (is_closer(code_point_at(suffix_, 0).value)) return true;
  if (from > 0) return is_boundary(text, from);
  return before.empty() || text.empty() ||
         !in_one_word(code_point_before(before, before.size()).value, code_point_at(text, 0).value);
}

/// True where `rest` begins with the head, and not with a part of something longer.
bool SuffixOverlap::is_head(std::string_view rest) const {
  if (head_ == 0 || rest.size() <= head_ || !rest.starts_with(suffix_.substr(0, head_)))
    return false;
  const char32_t next = code_point_at(rest, head_).value;
  // No closing quote before a letter, no full stop in 3.5.
  if (closes_) return !is_word_character(next) || is_cjk_letter(next);
  return is_boundary(rest, head_);
}

/// True for a lone dot that belongs to its word, as in "Mr.".
bool SuffixOverlap::is_abbreviation(std::size_t end, std::string_view before,
                                    std::string_view text) const {
  return std::string_view(suffix_).substr(0, head_) == "." &&
         dot_is_part_of_word(std::string(before) + std::string(text.substr(0, end)));
}

StopScan SuffixOverlap::scan(std::string_view before, std::string_view text) const {
  if (suffix_.empty()) return {std::nullopt, text.size()};
  const Collapsed said = collapse(text, ends_with_space(before));
  const std::string_view all = said.text;
  std::size_t safe = text.size();
  // One token's text may run past a meeting, but no meeting lies further back than this.
  constexpr std::size_t kLongestToken = 1024;
  const std::size_t begin = all.size() - std::min(all.size(), suffix_.size() + kLongestToken);
  for (std::size_t at = begin; at < all.size(); ++at) {
    if (is_continuation(all[at])) continue;
    const std::string_view rest = all.substr(at);
    const bool goes_on = suffix_.starts_with(rest);
    const bool meets = is_head(rest);
    const std::size_t from = said.offsets[at];
    if ((!meets && !goes_on) || !begins_at(from, before, text)) continue;
    if (meets && !is_abbreviation(said.offsets[at + head_], before, text))
      return {from, std::min(from, safe)};
    if (goes_on) safe = std::min(safe, from);
  }
  return {std::nullopt, safe};
}

std::size_t SuffixOverlap::trimmed_end(std::string_view before, std::string_view text) const {
  if (suffix_.empty()) return text.size();
  const Collapsed said = collapse(text, ends_with_space(before));
  const std::string_view all = said.text;
  for (std::size_t at = all.size() - std::min(all.size(), suffix_.size()); at < all.size(); ++at) {
    if (is_continuation(all[at])) continue;
    const std::string_view rest = all.substr(at);
    if (suffix_.starts_with(rest) && is_boundary(suffix_, rest.size()) &&
        begins_at(said.offsets[at], before, text))
      return said.offsets[at];
  }
  return text.size();
}

}  // namespace understory::engine
