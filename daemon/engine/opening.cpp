#include "daemon/engine/opening.h"

#include "daemon/engine/words.h"

namespace understory::engine {
namespace {

/// Two words, one of which may still go on.
Likeness compare(const Word& a, bool a_whole, const Word& b, bool b_whole) {
  if (a_whole && b_whole) return a.folded == b.folded ? Likeness::kAlike : Likeness::kDifferent;
  const bool a_may_become_b = !a_whole && b.folded.starts_with(a.folded);
  const bool b_may_become_a = !b_whole && a.folded.starts_with(b.folded);
  return a_may_become_b || b_may_become_a ? Likeness::kUndecided : Likeness::kDifferent;
}

}  // namespace

Likeness compare(const Opening& a, const Opening& b) {
  const auto a_words = words_of(a.text, kOpeningWords);
  const auto b_words = words_of(b.text, kOpeningWords);
  for (std::size_t i = 0; i < kOpeningWords; ++i) {
    const bool a_has = i < a_words.size();
    const bool b_has = i < b_words.size();
    if ((!a_has && !a.ended) || (!b_has && !b.ended)) return Likeness::kUndecided;
    if (!a_has || !b_has) return a_has == b_has ? Likeness::kAlike : Likeness::kDifferent;
    const Likeness words = compare(a_words[i], a_words[i].complete || a.ended, b_words[i],
                                   b_words[i].complete || b.ended);
    if (words != Likeness::kAlike) return words;
  }
  return Likeness::kAlike;
}

}  // namespace understory::engine
