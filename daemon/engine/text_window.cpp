#include "daemon/engine/text_window.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

#include "base/utf8.h"
#include "daemon/engine/random.h"

namespace understory::engine {
namespace {

using Marks = std::span<const std::string_view>;

constexpr std::array<std::string_view, 3> kBlankLines = {"\n\n", "\r\n\r\n", "\n\r\n"};
constexpr std::array<std::string_view, 1> kLineBreaks = {"\n"};
constexpr std::array<std::string_view, 6> kSentenceEnds = {
    ". ", "? ", "! ", "\xE3\x80\x82", "\xEF\xBC\x81", "\xEF\xBC\x9F"};
constexpr std::array<std::string_view, 1> kSpaces = {" "};

std::uint64_t hash_before(std::string_view text, std::size_t at) {
  const std::size_t begin = at - std::min(at, kAnchorBytes);
  std::uint64_t hash = 0;
  for (const unsigned char byte : text.substr(begin, at - begin)) hash = mix64(hash + byte + 1);
  return hash;
}

/// The place with the smallest hash so far; of equal ones the first.
class BestPlace {
 public:
  explicit BestPlace(std::string_view text) : text_(text) {}
  void consider(std::size_t at) {
    const std::uint64_t hash = hash_before(text_, at);
    if (place_ && hash >= hash_) return;
    place_ = at;
    hash_ = hash;
  }
  std::optional<std::size_t> place() const { return place_; }

 private:
  std::string_view text_;
  std::optional<std::size_t> place_;
  std::uint64_t hash_ = 0;
};

std::optional<std::size_t> best_after(Marks marks, std::string_view text, std::size_t from,
                                      std::size_t to) {
  BestPlace best(text);
  for (const std::string_view mark : marks) {
    std::size_t at = text.find(mark, from - std::min(from, mark.size()));
    for (; at != std::string_view::npos && at + mark.size() <= to; at = text.find(mark, at + 1)) {
      const std::size_t after = at + mark.size();
      if (after < from || after >= text.size()) continue;
      // A word keeps the space before it, as its token has it.
      best.consider(mark.ends_with(' ') && after > from ? after - 1 : after);
    }
  }
  return best.place();
}

std::size_t best_character(std::string_view text, std::size_t from, std::size_t to) {
  BestPlace best(text);
  for (std::size_t at = from; at <= to && at < text.size(); ++at)
    if (!is_continuation(text[at])) best.consider(at);
  return best.place().value_or(from);
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// Beginnings of the paragraphs in text[from, end), last first; `from` itself only where it is 0.
std::vector<std::size_t> paragraph_starts(std::string_view text, std::size_t from) {
  struct Line {
    std::size_t begin = 0;
    bool after_blank = false;
  };
  std::vector<Line> lines;  // with something in them
  bool any_blank = false;
  bool after_blank = false;
  for (std::size_t begin = from; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const bool whole_line = begin > from || from == 0;
    if (is_blank(text.substr(begin, end - begin))) {
      after_blank = true;
      any_blank |= end < text.size() && !lines.empty();
    } else {
      if (whole_line) lines.push_back({begin, after_blank || begin == 0});
      after_blank = false;
    }
    begin = end + 1;
  }
  std::vector<std::size_t> starts;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    if (line->after_blank || !any_blank) starts.push_back(line->begin);
  return starts;
}

}  // namespace

std::size_t find_text_start(std::string_view text, std::size_t from, std::size_t to) {
  for (const Marks marks :
       {Marks(kBlankLines), Marks(kLineBreaks), Marks(kSentenceEnds), Marks(kSpaces)})
    if (const auto place = best_after(marks, text, from, to)) return *place;
  return best_character(text, from, to);
}

std::size_t find_insertion_place(std::string_view text, std::uint32_t depth) {
  if (depth == 0) return text.size();
  const std::size_t from = text.size() - std::min(text.size(), kMaxDepthBytes);
  const std::vector<std::size_t> starts = paragraph_starts(text, from);
  BestPlace best(text);
  for (std::size_t i = depth - 1; i < std::min<std::size_t>(starts.size(), 2 * std::size_t{depth});
       ++i)
    if (starts[i] > 0) best.consider(starts[i]);
  if (best.place()) return *best.place();
  if (from == 0) return 0;
  return find_text_start(text, from + kAnchorBytes, from + kMaxDepthBytes / 2);
}

}  // namespace understory::engine
