#include "tui/editor/outline.h"

#include <algorithm>

namespace understory::tui {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

std::int64_t day_of(std::int64_t time_ms, std::int64_t utc_offset_s) {
  const std::int64_t local = time_ms + utc_offset_s * 1000;
  return local >= 0 ? local / kDayMs : (local - kDayMs + 1) / kDayMs;
}

}  // namespace

int heading_level(std::string_view line) {
  const std::size_t marks = std::min(line.find_first_not_of('#'), line.size());
  if (marks == 0 || marks > 6) return 0;
  if (marks < line.size() && line[marks] != ' ' && line[marks] != '\t') return 0;
  return static_cast<int>(marks);
}

std::vector<Heading> headings_of(const Text& text) {
  std::vector<Heading> headings;
  const std::string bytes = text.str();
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t feed = std::min(bytes.find('\n', at), bytes.size());
    if (bytes[at] == '#') {
      std::string_view line = std::string_view(bytes).substr(at, feed - at);
      if (line.back() == '\r') line.remove_suffix(1);
      if (const int level = heading_level(line)) {
        line.remove_prefix(std::min(line.find_first_not_of("# \t"), line.size()));
        const std::size_t last = line.find_last_not_of("# \t");
        line = line.substr(0, last == std::string_view::npos ? 0 : last + 1);
        headings.push_back({at, level, std::string(line), 0});
      }
    }
    at = feed + 1;
  }
  for (std::size_t i = 0; i < headings.size(); ++i) {
    const std::size_t end = i + 1 < headings.size() ? headings[i + 1].offset : text.size();
    headings[i].n_words = text.n_words_in(headings[i].offset, end - headings[i].offset);
  }
  return headings;
}

std::vector<DayWords> words_by_day(const std::vector<WordsRecord>& log, std::uint64_t words_now,
                                   std::int64_t now_ms, std::int64_t utc_offset_s) {
  std::vector<WordsRecord> records = log;
  records.push_back({now_ms, words_now});
  std::vector<DayWords> days;
  // What the text had before the first record is not the first day's work.
  std::uint64_t before = records.front().words;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::int64_t day = day_of(records[i].time_ms, utc_offset_s);
    const bool is_last = i + 1 == records.size();
    if (!is_last && day_of(records[i + 1].time_ms, utc_offset_s) == day) continue;
    const auto change = static_cast<std::ptrdiff_t>(records[i].words - before);
    if (change != 0 || is_last) days.push_back({day, change});
    before = records[i].words;
  }
  return days;
}

}  // namespace understory::tui
