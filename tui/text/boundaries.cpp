#include "tui/text/boundaries.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr std::size_t kWordWindowBytes = 512;
constexpr std::size_t kMaxParagraphBytes = 64 * 1024;  // of a longer one a part is looked at

bool is_joiner(char32_t c) {
  return c == '\'' || c == '-' || c == 0x2019 || c == 0x2010 || c == 0x2011 || c == 0xAD;
}

/// Abbreviations that end with a full stop inside a sentence.
constexpr std::array<std::string_view, 17> kAbbreviations = {
    "Mr", "Mrs", "Ms",  "Dr",  "St",     "Prof", "Capt", "Col", "Gen",
    "Lt", "Rev", "Sgt", "Hon", "Messrs", "Mme",  "vs",   "No"};

bool ends_with_abbreviation(std::string_view before) {
  const std::size_t space = before.find_last_of(" \n\t\"'(");
  const std::string_view word = before.substr(space == std::string_view::npos ? 0 : space + 1);
  // An initial: "J. Smith".
  if (word.size() == 1 && word[0] >= 'A' && word[0] <= 'Z' && word[0] != 'I') return true;
  return std::find(kAbbreviations.begin(), kAbbreviations.end(), word) != kAbbreviations.end();
}

bool is_terminator(char32_t c) {
  return c == '.' || c == '!' || c == '?' || c == 0x2026 || c == 0x3002 || c == 0xFF01 ||
         c == 0xFF1F;
}

bool is_closer(char32_t c) {
  return c == '"' || c == '\'' || c == ')' || c == ']' || c == '*' || c == '_' || c == 0x2019 ||
         c == 0x201D || c == 0xBB || c == 0x300D || c == 0x300F;
}

/// Where the sentence that begins at 0 ends, closing marks included, spaces not: the size where
/// it does not end.
std::size_t sentence_end(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const Decoded d = decode_utf8(bytes, at);
    const std::size_t before = at;
    at += d.length;
    if (!is_terminator(d.code_point)) continue;
    const bool is_wide = d.code_point >= 0x3000;
    char32_t last = d.code_point;
    while (at < bytes.size()) {
      const Decoded next = decode_utf8(bytes, at);
      if (!is_terminator(next.code_point) && !is_closer(next.code_point)) break;
      if (is_terminator(next.code_point)) last = next.code_point;
      at += next.length;
    }
    if (at == bytes.size() || is_wide) return at;
    const Decoded next = decode_utf8(bytes, at);
    if (!is_space(next.code_point)) continue;
    if (last == '.' && ends_with_abbreviation(bytes.substr(0, before))) continue;
    // A small letter goes on: "Why?" she said.
    std::size_t follow = at;
    while (follow < bytes.size() && is_space(decode_utf8(bytes, follow).code_point)) {
      follow += decode_utf8(bytes, follow).length;
    }
    if (follow < bytes.size()) {
      const char32_t c = decode_utf8(bytes, follow).code_point;
      if (is_word_character(c) && !is_upper(c) && fold_case(c) == c && !(c >= '0' && c <= '9') &&
          c < 0x3000) {
        continue;
      }
    }
    return at;
  }
  return bytes.size();
}

std::size_t skip_spaces(std::string_view bytes, std::size_t at) {
  while (at < bytes.size() && is_space(decode_utf8(bytes, at).code_point)) {
    at += decode_utf8(bytes, at).length;
  }
  return at;
}

/// Where sentences begin in a paragraph.
std::vector<std::size_t> sentence_starts(std::string_view paragraph) {
  std::vector<std::size_t> starts;
  std::size_t at = skip_spaces(paragraph, 0);
  while (at < paragraph.size()) {
    starts.push_back(at);
    at = skip_spaces(paragraph, at + sentence_end(paragraph.substr(at)));
  }
  return starts;
}

bool is_blank(const Text& text, std::size_t line) {
  const std::size_t begin = text.line_start(line);
  const std::size_t end = text.line_end(line);
  TextReader bytes(text);
  for (std::size_t at = begin; at < end; ++at) {
    if (bytes[at] != ' ' && bytes[at] != '\t') return false;
  }
  return true;
}

/// The part of a paragraph that sentences are looked for in.
Range window_around(const Range& paragraph, std::size_t offset) {
  if (paragraph.size() <= kMaxParagraphBytes) return paragraph;
  const std::size_t half = kMaxParagraphBytes / 2;
  return {std::max(paragraph.begin, offset > half ? offset - half : 0),
          std::min(paragraph.end, offset + half)};
}

}  // namespace

std::size_t next_word(const Text& text, std::size_t offset) {
  std::size_t at = offset;
  bool in_word = false;
  while (at < text.size()) {
    const std::string window = text.substr(at, std::min<std::size_t>(4, text.size() - at));
    const Decoded d = decode_utf8(window, 0);
    const bool is_word = is_word_character(d.code_point) ||
                         (in_word && is_joiner(d.code_point) && at + d.length < text.size() &&
                          word_at(text, at + d.length).begin <= at);
    if (in_word && !is_word) return at;
    in_word = in_word || is_word;
    at += d.length;
  }
  return text.size();
}

std::size_t previous_word(const Text& text, std::size_t offset) {
  std::size_t at = offset;
  while (at > 0) {
    const std::size_t before = previous_cluster(text, at);
    const std::string cluster = text.substr(before, at - before);
    at = before;
    if (is_word_character(decode_utf8(cluster, 0).code_point)) {
      return std::min(word_at(text, at).begin, at);
    }
  }
  return 0;
}

std::vector<Range> words_of(std::string_view bytes) {
  std::vector<Range> words;
  bool in_word = false;
  for (std::size_t at = 0; at < bytes.size();) {
    const Decoded d = decode_utf8(bytes, at);
    bool is_word = d.is_valid && is_word_character(d.code_point);
    if (!is_word && in_word && is_joiner(d.code_point) && at + d.length < bytes.size()) {
      is_word = is_word_character(decode_utf8(bytes, at + d.length).code_point);
    }
    if (is_word && !in_word) words.push_back({at, at});
    at += d.length;
    if (is_word) words.back().end = at;
    in_word = is_word;
  }
  return words;
}

Range word_at(const Text& text, std::size_t offset) {
  const std::size_t from = offset > kWordWindowBytes ? offset - kWordWindowBytes : 0;
  const std::size_t to = std::min(text.size(), offset + kWordWindowBytes);
  const std::size_t here = offset - from;
  for (const Range& word : words_of(text.substr(from, to - from))) {
    if (word.begin <= here && here <= word.end) return {from + word.begin, from + word.end};
    if (word.begin > here) break;
  }
  return {offset, offset};
}

Range paragraph_at(const Text& text, std::size_t offset) {
  const std::size_t line = text.line_of(offset);
  return {text.line_start(line), text.line_end(line)};
}

std::size_t next_paragraph(const Text& text, std::size_t offset) {
  std::size_t line = text.line_of(offset) + 1;
  while (line < text.n_lines() && is_blank(text, line)) ++line;
  return text.line_start(line);
}

std::size_t previous_paragraph(const Text& text, std::size_t offset) {
  std::size_t line = text.line_of(offset);
  if (offset > text.line_start(line)) return text.line_start(line);
  while (line > 0 && is_blank(text, --line)) {
  }
  return text.line_start(line);
}

Range sentence_at(const Text& text, std::size_t offset) {
  const Range part = window_around(paragraph_at(text, offset), offset);
  const std::string paragraph = text.substr(part.begin, part.size());
  Range range{part.begin, part.end};
  for (const std::size_t start : sentence_starts(paragraph)) {
    if (part.begin + start > offset) {
      range.end = part.begin + start;
      break;
    }
    range.begin = part.begin + start;
  }
  return range;
}

std::size_t next_sentence(const Text& text, std::size_t offset) {
  const Range part = window_around(paragraph_at(text, offset), offset);
  for (const std::size_t start : sentence_starts(text.substr(part.begin, part.size()))) {
    if (part.begin + start > offset) return part.begin + start;
  }
  // The end of a paragraph is a place to stop at.
  if (offset < part.end) return part.end;
  const std::size_t next = next_paragraph(text, offset);
  return next;
}

std::size_t previous_sentence(const Text& text, std::size_t offset) {
  if (offset == 0) return 0;
  const Range part = window_around(paragraph_at(text, offset), offset);
  std::size_t best = part.begin;
  bool found = false;
  for (const std::size_t start : sentence_starts(text.substr(part.begin, part.size()))) {
    if (part.begin + start >= offset) break;
    best = part.begin + start;
    found = true;
  }
  if (found) return best;
  const std::size_t paragraph = previous_paragraph(text, offset);
  const Range above = paragraph_at(text, paragraph);
  const Range window = window_around(above, above.end);
  const std::vector<std::size_t> starts = sentence_starts(text.substr(window.begin, window.size()));
  return starts.empty() ? above.begin : window.begin + starts.back();
}

std::size_t first_word_length(std::string_view bytes) {
  std::size_t at = skip_spaces(bytes, 0);
  // Up to the next space: punctuation belongs to its word, as one would type it.
  while (at < bytes.size()) {
    const Decoded d = decode_utf8(bytes, at);
    if (is_space(d.code_point)) break;
    at += d.length;
    if ((d.code_point == 0x2014 || d.code_point == 0x2013) && at < bytes.size()) break;
  }
  return at;
}

std::size_t first_sentence_length(std::string_view bytes) {
  const std::size_t from = skip_spaces(bytes, 0);
  const std::size_t feed = std::min(bytes.find('\n', from), bytes.size());
  return from + sentence_end(bytes.substr(from, feed - from));
}

}  // namespace understory::tui
