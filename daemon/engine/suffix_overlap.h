// The text after the cursor as an end of suggestions: text + suggestion + suffix is to read
// without a word or a space twice.
//
//   meeting  A suggestion that reaches the suffix ends before it. It has reached it where it says
//            the suffix's first three words (all of them where there are fewer), or, where the
//            suffix begins with a sentence's end or a closing quote or bracket, where it says
//            those. So a suffix of spaces is never met.
//   overlap  Whatever else ended it, a suggestion gives up its end where that is the beginning
//            of the suffix, by whole words: "the old door and" before " and then" becomes "the
//            old door".
//
// Any white space is equal to any other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/engine/stop_rules.h"

namespace understory::engine {

/// Immutable. An empty suffix has no effect.
class SuffixOverlap {
 public:
  explicit SuffixOverlap(std::string_view suffix = {});

  /// `text`: whole characters generated so far after `before`. `end`: where it meets the suffix;
  /// from `safe` on it may still turn out to be what the suffix says.
  StopScan scan(std::string_view before, std::string_view text) const;

  /// The end of a text that stops here, less its overlap. Never below an earlier scan's `safe`.
  std::size_t trimmed_end(std::string_view before, std::string_view text) const;

  static constexpr std::size_t kMaxBytes = 512;  // of the suffix that are looked at
  static constexpr std::size_t kMeetWords = 3;

 private:
  bool begins_at(std::size_t from, std::string_view before, std::string_view text) const;
  bool is_head(std::string_view rest) const;
  bool is_abbreviation(std::size_t end, std::string_view before, std::string_view text) const;

  std::string suffix_;    // each run of white space as one space
  std::size_t head_ = 0;  // suffix_[0, head_) said is a meeting; 0: there is none
  bool closes_ = false;   // the head is punctuation that closes
};

}  // namespace understory::engine
