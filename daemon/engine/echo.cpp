#include "daemon/engine/echo.h"

#include <algorithm>

namespace understory::engine {

Echo::Echo(std::string_view before) : before_(words_of(before)) {
  if (before_.size() > kReachWords) before_.erase(before_.begin(), before_.end() - kReachWords);
  for (std::size_t begin = 0; begin + kMinWords <= before_.size(); ++begin) {
    const bool is_short = before_.size() - begin <= kEnoughWords;
    if (is_short || before_[begin].begins_sentence) begins_.push_back(begin);
  }
}

Echo::Match Echo::match(std::string_view text, bool ended) const {
  if (begins_.empty()) return Match::kNone;
  const std::vector<Word> words = words_of(text, kEnoughWords);
  Match best = Match::kNone;
  for (const std::size_t begin : begins_) best = std::max(best, match_at(begin, words, ended));
  return best;
}

Echo::Match Echo::match_at(std::size_t begin, const std::vector<Word>& words, bool ended) const {
  const std::size_t n_needed = std::min(before_.size() - begin, kEnoughWords);
  std::size_t n_letters = 0;
  for (std::size_t i = 0; i < n_needed; ++i) {
    if (i == words.size()) return ended ? Match::kNone : Match::kOpen;
    const Word& written = before_[begin + i];
    const Word& said = words[i];
    if (!said.complete && !ended)
      return written.folded.starts_with(said.folded) ? Match::kOpen : Match::kNone;
    if (written.folded != said.folded) return Match::kNone;
    const bool is_new = std::none_of(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i),
                                     [&](const Word& w) { return w.folded == said.folded; });
    if (is_new) n_letters += said.folded.size();
  }
  return n_letters >= kMinLetters ? Match::kEcho : Match::kNone;
}

}  // namespace understory::engine
