// Headings, and words by day.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tui/document/record.h"
#include "tui/text/text.h"

namespace understory::tui {

struct Heading {
  std::size_t offset = 0;
  int level = 1;  // number of "#"
  std::string title;
  std::size_t n_words = 0;  // up to the next heading
};
/// The Markdown headings ("# Title") of a text in order.
std::vector<Heading> headings_of(const Text& text);

/// How deep a heading a line is; 0: none.
int heading_level(std::string_view line);

struct DayWords {
  std::int64_t day = 0;        // since 1970-01-01, in local time
  std::ptrdiff_t n_words = 0;  // more at its end than at its beginning
};
/// Days on which the number of words changed, and the present one, in order. `utc_offset_s` is
/// local time's.
std::vector<DayWords> words_by_day(const std::vector<WordsRecord>& log, std::uint64_t words_now,
                                   std::int64_t now_ms, std::int64_t utc_offset_s);

}  // namespace understory::tui
