#include "daemon/engine/words.h"

#include "daemon/engine/characters.h"
#include "daemon/engine/utf8.h"

namespace understory::engine {
namespace {

constexpr char32_t kApostrophe = 0x2019;

bool is_apostrophe(char32_t c) {
  return c == '\'' || c == kApostrophe;
}

bool ends_sentence(char32_t c) {
  return is_terminator(c) || is_cjk_terminator(c) || c == '\n' || c == '\r';
}

/// Reads the word at `at`, which a letter or digit begins, and moves behind it.
Word read_word(std::string_view text, std::size_t& at) {
  Word word;
  CodePoint c = code_point_at(text, at);
  const bool alone = is_cjk_letter(c.value);
  do {
    word.folded += is_apostrophe(c.value) ? U'\'' : to_lower(c.value);
    at += c.length;
    if (at < text.size()) c = code_point_at(text, at);
  } while (at < text.size() && !alone && is_word_character(c.value) && !is_cjk_letter(c.value));
  word.complete = alone || at < text.size();
  while (word.folded.ends_with(U'\'')) word.folded.pop_back();
  return word;
}

}  // namespace

std::vector<Word> words_of(std::string_view text, std::size_t max_words) {
  std::vector<Word> words;
  bool begins_sentence = true;
  for (std::size_t at = 0; at < text.size() && words.size() < max_words;) {
    const CodePoint c = code_point_at(text, at);
    if (is_word_character(c.value) && !is_apostrophe(c.value)) {
      words.push_back(read_word(text, at));
      words.back().begins_sentence = begins_sentence;
      begins_sentence = false;
      continue;
    }
    begins_sentence |= ends_sentence(c.value);
    at += c.length;
  }
  return words;
}

bool has_word(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (is_word_character(c.value) && !is_apostrophe(c.value)) return true;
    at += c.length;
  }
  return false;
}

bool in_one_word(char32_t left, char32_t right) {
  return is_word_character(left) && is_word_character(right) && !is_cjk_letter(left) &&
         !is_cjk_letter(right);
}

}  // namespace understory::engine
