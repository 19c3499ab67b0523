#include "daemon/engine/stop_rules.h"

#include <algorithm>
#include <array>
#include <string>

#include "daemon/engine/characters.h"
#include "daemon/engine/utf8.h"

namespace understory::engine {
namespace {

/// Titles after which a name follows, without their dot.
constexpr std::array<std::string_view, 28> kTitles = {
    "Mr",  "Mrs",  "Ms",   "Mx",  "Dr",  "Drs",  "Prof", "St",  "Ste", "Messrs",
    "Mme", "Mlle", "Rev",  "Fr",  "Hon", "Capt", "Col",  "Gen", "Lt",  "Maj",
    "Sgt", "Cpl",  "Cmdr", "Adm", "Gov", "Sen",  "Rep",  "Mt"};

StopScan found(std::size_t end) {
  return {end, end};
}
StopScan open(std::size_t safe) {
  return {std::nullopt, safe};
}

std::size_t skip_spaces(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const CodePoint c = code_point_at(text, at);
    if (!is_space(c.value)) break;
    at += c.length;
  }
  return at;
}

StopScan find_word_end(std::string_view text) {
  const std::size_t begin = skip_spaces(text, 0);
  bool has_letter = false;
  bool after_cjk = false;
  for (std::size_t at = begin; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (is_space(c.value)) return found(at);
    const bool punctuation = is_cjk_punctuation(c.value) || is_closer(c.value);
    if (after_cjk && !punctuation) return found(at);
    at += c.length;
    if (has_letter && is_joining_dash(c.value)) return found(at);
    has_letter |= is_letter(c.value) || (c.value >= '0' && c.value <= '9');
    after_cjk |= is_cjk_letter(c.value);
  }
  return open(text.size());
}

struct LineBreak {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The first "\n", "\r\n" or "\r" from `at` on.
std::optional<LineBreak> next_line_break(std::string_view text, std::size_t at) {
  const std::size_t begin = text.find_first_of("\r\n", at);
  if (begin == std::string_view::npos) return std::nullopt;
  const bool pair = text.substr(begin, 2) == "\r\n";
  return LineBreak{begin, begin + (pair ? 2 : 1)};
}

StopScan find_line_end(std::string_view text) {
  const auto line_break = next_line_break(text, skip_spaces(text, 0));
  return line_break ? found(line_break->begin) : open(text.size());
}

/// A blank line: two line breaks with at most spaces between. `safe` is where one may begin
/// that the text does not decide yet.
StopScan find_blank_line(std::string_view text, std::size_t from) {
  auto line_break = next_line_break(text, from);
  while (line_break) {
    const std::size_t next = text.find_first_not_of(" \t", line_break->end);
    if (next == std::string_view::npos) return open(line_break->begin);
    if (text[next] == '\n' || text[next] == '\r') return found(line_break->begin);
    line_break = next_line_break(text, next);
  }
  return open(text.size());
}

/// After the terminators at text[at], the end of the terminators and of what closes there.
std::size_t skip_sentence_tail(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const char32_t c = code_point_at(text, at).value;
    if (!is_terminator(c) && !is_cjk_terminator(c) && !is_closer(c)) break;
    at += code_point_at(text, at).length;
  }
  return at;
}

enum class Verdict { kEnds, kGoesOn, kUndecided };

/// Whether the sentence ends at `tail_end`, judged by what follows.
Verdict judge_tail(std::string_view text, std::size_t tail_end, bool cjk) {
  if (tail_end == text.size()) return Verdict::kUndecided;  // more may close here
  if (cjk) return Verdict::kEnds;
  const std::size_t next = skip_spaces(text, tail_end);
  if (next == tail_end) return Verdict::kGoesOn;  // 3.14, example.org
  const auto blank = find_blank_line(text, tail_end).end;
  if (blank && *blank < next) return Verdict::kEnds;
  if (next == text.size()) return Verdict::kUndecided;
  return is_lower(code_point_at(text, next).value) ? Verdict::kGoesOn : Verdict::kEnds;
}

StopScan find_sentence_end(std::string_view before, std::string_view text) {
  // Titles and initials may begin before the cursor; look at both as one.
  constexpr std::size_t kContextBytes = 32;
  const std::string_view context =
      before.substr(before.size() - std::min(before.size(), kContextBytes));
  const std::string joined = std::string(context) + std::string(text);
  const std::size_t begin = skip_spaces(text, 0);
  const StopScan blank = find_blank_line(text, begin);
  const std::size_t limit = blank.end.value_or(text.size());
  std::size_t at = begin;
  while (at < limit) {
    const CodePoint c = code_point_at(text, at);
    const bool cjk = is_cjk_terminator(c.value);
    if (!cjk && !is_terminator(c.value)) {
      at += c.length;
      continue;
    }
    const std::size_t tail_end = skip_sentence_tail(text, at);
    const std::size_t dot_end = context.size() + at + c.length;
    const bool lone_dot = c.value == '.' && tail_end == at + 1;
    if (lone_dot && tail_end < text.size() &&
        dot_is_part_of_word(std::string_view(joined).substr(0, dot_end))) {
      at = tail_end;
      continue;
    }
    switch (judge_tail(text, tail_end, cjk)) {
      case Verdict::kEnds:
        return found(tail_end);
      case Verdict::kUndecided:
        return open(tail_end);
      case Verdict::kGoesOn:
        at = tail_end;
    }
  }
  return blank.end ? blank : open(std::min(blank.safe, text.size()));
}

}  // namespace

bool dot_is_part_of_word(std::string_view text) {
  const std::size_t dot = text.size() - 1;
  std::size_t begin = dot;
  while (begin > 0) {
    const CodePoint c = code_point_before(text, begin);
    if (!is_word_character(c.value)) break;
    begin -= c.length;
  }
  const std::string_view word = text.substr(begin, dot - begin);
  if (word.empty()) return false;
  if (std::find(kTitles.begin(), kTitles.end(), word) != kTitles.end()) return true;
  const CodePoint first = code_point_at(word, 0);
  const bool one_capital = first.length == word.size() && is_upper(first.value);
  const bool after_dot = begin > 0 && text[begin - 1] == '.';
  return one_capital && (word != "I" || after_dot);
}

StopScan find_unit_end(StopUnit unit, std::string_view before, std::string_view text) {
  switch (unit) {
    case StopUnit::kWord:
      return find_word_end(text);
    case StopUnit::kSentence:
      return find_sentence_end(before, text);
    case StopUnit::kLine:
      return find_line_end(text);
    case StopUnit::kParagraph:
      return find_blank_line(text, skip_spaces(text, 0));
    case StopUnit::kNone:
      break;
  }
  return open(text.size());
}

}  // namespace understory::engine
