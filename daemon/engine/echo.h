// A suggestion that says again what was just written.
//
// It does so where its first words are the last words of the text before the cursor: all of the
// last 4 to 8 words, or the first 8 words of one of the last sentences (counting 64 words back).
// Twelve letters of different words must agree, so that "no, no, no, no" is nobody's echo. Case and
// punctuation count for nothing.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "daemon/engine/words.h"

namespace understory::engine {

/// Immutable.
class Echo {
 public:
  /// `before`: the end of the text before the cursor.
  explicit Echo(std::string_view before = {});

  enum class Match {
    kNone,  // whatever follows
    kOpen,  // the text so far would be one
    kEcho
  };
  /// `text`: what was generated; `ended`: nothing follows it.
  Match match(std::string_view text, bool ended) const;

  static constexpr std::size_t kMinWords = 4;
  static constexpr std::size_t kEnoughWords = 8;
  static constexpr std::size_t kReachWords = 64;
  static constexpr std::size_t kMinLetters = 12;

 private:
  Match match_at(std::size_t begin, const std::vector<Word>& words, bool ended) const;

  std::vector<Word> before_;         // the last kReachWords words
  std::vector<std::size_t> begins_;  // where an echoed part may begin in before_
};

}  // namespace understory::engine
