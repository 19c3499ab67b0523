#include "daemon/engine/text_rules.h"

#include <algorithm>

#include "daemon/engine/characters.h"
#include "daemon/engine/stop_rules.h"
#include "daemon/engine/utf8.h"
#include "daemon/engine/words.h"

namespace understory::engine {
namespace {

/// Ends the branch at `end` unless it ends before that.
void end_at(std::optional<std::size_t> end, FinishReason reason, TextWatch::Verdict& verdict) {
  if (!end || (verdict.end && *verdict.end <= *end)) return;
  verdict.end = end;
  verdict.reason = reason;
}

bool is_blank(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (!is_space(c.value)) return false;
    at += c.length;
  }
  return true;
}

}  // namespace

TextRules::TextRules(const CompletionParams& params, std::string before_cursor)
    : until(params.stop.until),
      suppress(params.suppress),
      before(std::move(before_cursor)),
      suffix(params.suffix),
      echo(before) {}

TextWatch::Verdict TextWatch::look(std::string_view text) {
  Verdict verdict;
  const StopScan unit = find_unit_end(rules_->until, rules_->before, text);
  const StopScan met = rules_->suffix.scan(rules_->before, text);
  end_at(unit.end, FinishReason::kStop, verdict);
  end_at(met.end, FinishReason::kStop, verdict);
  verdict.safe = std::min(unit.safe, met.safe);
  if (rules_->suppress) look_for_junk(text, verdict);
  // The text may still be cut at what is safe so far, and then not end with what the suffix says.
  if (verdict.safe < text.size())
    verdict.safe = rules_->suffix.scan(rules_->before, text.substr(0, verdict.safe)).safe;
  const bool shows_nothing = rules_->suppress && !has_word(text.substr(0, verdict.safe));
  if (shows_nothing) verdict.safe = 0;
  shown_ = std::max(shown_, verdict.safe);
  return verdict;
}

void TextWatch::look_for_junk(std::string_view text, Verdict& verdict) {
  const Echo::Match echo = rules_->echo.match(text, false);
  if (echo == Echo::Match::kEcho) {
    verdict = {0, 0, FinishReason::kRepetition, Suppressed::kRepeats};
    return;
  }
  const LoopWatch::Scan loop = loop_.look(text);
  end_at(loop.end, FinishReason::kRepetition, verdict);
  verdict.safe = std::min(verdict.safe, loop.safe);
  if (verdict.reason == FinishReason::kRepetition && !has_word(text.substr(0, *verdict.end)))
    verdict.suppressed = Suppressed::kLoops;
  if (echo == Echo::Match::kOpen) verdict.safe = 0;
}

TextWatch::Closing TextWatch::close(std::string_view text) const {
  Closing closing;
  closing.end =
      std::max(rules_->suffix.trimmed_end(rules_->before, text), std::min(shown_, text.size()));
  if (!rules_->suppress) return closing;
  const std::string_view left = text.substr(0, closing.end);
  if (is_blank(left))
    closing.suppressed = Suppressed::kEmpty;
  else if (!has_word(left))
    closing.suppressed = Suppressed::kPunctuation;
  else if (rules_->echo.match(left, true) == Echo::Match::kEcho)
    closing.suppressed = Suppressed::kRepeats;
  return closing;
}

}  // namespace understory::engine
