// A suggestion that goes in circles: "and the man and the man and the man".
//
// A text loops once its end repeats what stands right before it: a sentence said twice in a row, a
// phrase of at most 16 bytes three times, and all for 24 bytes at least ("no, " seven times, 25
// dots). It is then cut after the first round. So that the second was never shown, what may be one
// is held back from where its first word begins (its first sentence, where a round is longer than
// 32 bytes: a word that recurs further apart means nothing).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace understory::engine {

class LoopWatch {
 public:
  struct Scan {
    std::optional<std::size_t> end;  // the text loops; [0, end) is to stay
    std::size_t safe = 0;            // [0, safe) stays whatever follows
  };
  /// After every token: `text` is what was generated so far.
  Scan look(std::string_view text);

  static constexpr std::size_t kMinRepeated = 24;
  static constexpr std::size_t kPhraseRound = 16;
  static constexpr std::size_t kShortRound = 32;
  static constexpr std::size_t kLongestRound = 400;

 private:
  std::size_t safe_ = 0;  // the furthest so far
};

}  // namespace understory::engine
