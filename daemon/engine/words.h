// A text as the words that a reader compares: near-duplicates and repetitions are judged by them.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace understory::engine {

/// A run of letters, digits and inner apostrophes; an ideograph or kana alone.
struct Word {
  std::u32string folded;         // lower case, straight apostrophes
  bool complete = false;         // false: the text ends in it, and it may go on
  bool begins_sentence = false;  // first in the text, after a terminator or a line break
};

std::vector<Word> words_of(std::string_view text,
                           std::size_t max_words = std::numeric_limits<std::size_t>::max());

/// True where the text has a letter or a digit.
bool has_word(std::string_view text);

/// True where the two characters stand in one word.
bool in_one_word(char32_t left, char32_t right);

}  // namespace understory::engine
