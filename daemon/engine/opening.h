// The first words of a branch, by which near-duplicates are known.
#pragma once

#include <cstddef>
#include <string_view>

namespace understory::engine {

/// Branches that agree in this many first words are near-duplicates.
inline constexpr std::size_t kOpeningWords = 3;

struct Opening {
  std::string_view text;
  bool ended = false;  // nothing follows the text
};

enum class Likeness { kDifferent, kAlike, kUndecided };

/// Compares the first kOpeningWords words (all, where a text ends before), whatever their case
/// and the punctuation between them. kUndecided: it depends on what is still to come.
Likeness compare(const Opening& a, const Opening& b);

}  // namespace understory::engine
