#include "tui/text/word_count.h"

#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

enum class Kind { kWord, kGap, kJoiner, kWordAlone };

Kind kind_of(char32_t c) {
  if (c < 0x80) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_') {
      return Kind::kWord;
    }
    return c == '\'' || c == '-' ? Kind::kJoiner : Kind::kGap;
  }
  if (c == 0x2019 || c == 0x2010 || c == 0x2011 || c == 0xAD) return Kind::kJoiner;
  if ((c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x4DBF) ||
      (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x20000 && c <= 0x3FFFF)) {
    return Kind::kWordAlone;
  }
  return is_word_character(c) ? Kind::kWord : Kind::kGap;
}

void add(WordCount& count, Kind kind) {
  if (kind == Kind::kJoiner) return;
  using Edge = WordCount::Edge;
  const bool is_gap = kind == Kind::kGap;
  if (count.first == Edge::kNone) {
    count.first = kind == Kind::kWord ? Edge::kWord : Edge::kGap;
  }
  if (kind == Kind::kWordAlone || (!is_gap && count.last != Edge::kWord)) ++count.words;
  count.last = kind == Kind::kWord ? Edge::kWord : Edge::kGap;
}

}  // namespace

WordCount count_words(std::string_view bytes) {
  WordCount count;
  for (std::size_t i = 0; i < bytes.size();) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (c < 0x80) {
      add(count, kind_of(c));
      ++i;
      continue;
    }
    const Decoded d = decode_utf8(bytes, i);
    add(count, d.is_valid ? kind_of(d.code_point) : Kind::kGap);
    i += d.length;
  }
  return count;
}

WordCount join(const WordCount& left, const WordCount& right) {
  using Edge = WordCount::Edge;
  WordCount both;
  const bool is_one_word = left.last == Edge::kWord && right.first == Edge::kWord;
  both.words = left.words + right.words - (is_one_word ? 1 : 0);
  both.first = left.first == Edge::kNone ? right.first : left.first;
  both.last = right.last == Edge::kNone ? left.last : right.last;
  return both;
}

}  // namespace understory::tui
