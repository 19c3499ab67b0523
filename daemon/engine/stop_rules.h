// Where the first word, sentence, line or paragraph of a suggestion ends.
//
// White space at the start of a suggestion belongs to it and ends nothing.
//   word       a run without white space; ends before white space, after a dash that joins
//              words, and after every ideograph or kana with the punctuation that follows it.
//   sentence   ends after . ! ? or an ellipsis and the quotes and brackets that close there,
//              when white space follows and the next character is not a lower-case letter
//              ("What?" he said. is one sentence), unless the dot belongs to a title or an
//              initial (Mr. Smith, J. R. Tolkien). 。！？ need no white space. A blank line
//              ends a sentence as well.
//   line       ends before the first line break after some text.
//   paragraph  ends before the first blank line after some text.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "daemon/engine/engine.h"

namespace understory::engine {

struct StopScan {
  std::optional<std::size_t> end;  // the unit is text[0, end)
  std::size_t safe = 0;            // text[0, safe) stays, whatever follows; <= end
};

/// Looks for the end of the first `unit` in `text`, whole characters that were generated so
/// far after `before` (the last part of the prefix: a title may begin there).
StopScan find_unit_end(StopUnit unit, std::string_view before, std::string_view text);

/// True where the dot at the end of `text` belongs to the word before it: a title, or a capital
/// that stands for a name ("J.", "U.S.") other than the pronoun I.
bool dot_is_part_of_word(std::string_view text);

}  // namespace understory::engine
