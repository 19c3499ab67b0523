// Counting words piece by piece: what a piece contributes, and how two pieces join.
//
// A word is a run of letters, digits and marks; apostrophes and hyphens inside hold it together
// ("don't", "well-known"), dashes and other punctuation end it. Han and kana characters count one
// each, as there are no spaces between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace understory::tui {

struct WordCount {
  enum class Edge : std::uint8_t { kNone, kWord, kGap };

  std::size_t words = 0;
  Edge first = Edge::kNone;  // of the first character that is no joiner
  Edge last = Edge::kNone;   // of the last
};

/// Of a whole piece; it should not begin or end inside a character.
WordCount count_words(std::string_view bytes);

/// Of two neighbours as one.
WordCount join(const WordCount& left, const WordCount& right);

}  // namespace understory::tui
