// Everything that judges a branch by its text: the unit to stop after, the text after the cursor,
// junk. Each rule says how much of the text stays whatever follows, and the least of these is what
// may be shown: this is the one place where text is held back.
//
// Junk is never shown. A branch has nothing to show until it has a word; so one that ends before
// (empty, or punctuation and spaces only) is suppressed with nothing shown. One that may still turn
// out to repeat what was just written (echo.h) is held back until that is known. A branch that
// goes in circles (loop.h) is cut after the first round, and suppressed where no word is left.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/engine/echo.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/loop.h"
#include "daemon/engine/suffix_overlap.h"

namespace understory::engine {

/// What the branches of a request share. Immutable.
struct TextRules {
  StopUnit until = StopUnit::kNone;
  bool suppress = true;
  std::string before;  // end of the text before the cursor
  SuffixOverlap suffix;
  Echo echo;

  TextRules() = default;
  TextRules(const CompletionParams& params, std::string before_cursor);
};

/// The rules as they follow one branch. A copy goes back to where it was made.
class TextWatch {
 public:
  /// rules must outlive it.
  explicit TextWatch(const TextRules& rules) : rules_(&rules) {}

  struct Verdict {
    std::size_t safe = 0;            // text[0, safe) stays, whatever follows
    std::optional<std::size_t> end;  // the branch ends here, for `reason`
    FinishReason reason = FinishReason::kStop;
    std::optional<Suppressed> suppressed;  // with `end`: nothing of it is to be shown
  };
  /// After every token: `text` is all that was generated, whole characters.
  Verdict look(std::string_view text);

  struct Closing {
    std::size_t end = 0;  // what is left of the text
    std::optional<Suppressed> suppressed;
  };
  /// For a text that ends here for whatever reason. `end` is not below any `safe` before: where a
  /// rule cuts a text so that its end is what the suffix says, and that was shown, it stays.
  Closing close(std::string_view text) const;

 private:
  void look_for_junk(std::string_view text, Verdict& verdict);

  const TextRules* rules_;
  LoopWatch loop_;
  std::size_t shown_ = 0;  // the furthest `safe` so far
};

}  // namespace understory::engine
