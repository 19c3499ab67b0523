#include "daemon/story/text_diff.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "daemon/story/common_ends.h"

namespace understory::story {
namespace {

// Beyond this many differences the search, which is quadratic in them, gives up.
constexpr std::ptrdiff_t kMaxDifferences = 600;

using Pieces = std::vector<std::string_view>;

Pieces lines_of(std::string_view text) {
  Pieces out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    out.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return out;
}

// Letters, digits and bytes beyond ASCII together; white space together; others alone.
int class_of(char c) {
  const auto u = static_cast<unsigned char>(c);
  if (u >= 0x80 || (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z')) {
    return 0;
  }
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' ? 1 : 2;
}

Pieces words_of(std::string_view text) {
  Pieces out;
  std::size_t start = 0;
  for (std::size_t i = 1; i <= text.size(); ++i) {
    const bool joins =
        i < text.size() && class_of(text[i]) == class_of(text[i - 1]) && class_of(text[i]) != 2;
    if (joins) continue;
    out.push_back(text.substr(start, i - start));
    start = i;
  }
  return out;
}

using Ids = std::vector<std::uint32_t>;

void number(const Pieces& pieces, std::unordered_map<std::string_view, std::uint32_t>& known,
            Ids& ids) {
  ids.reserve(pieces.size());
  for (const std::string_view piece : pieces) {
    ids.push_back(known.try_emplace(piece, static_cast<std::uint32_t>(known.size())).first->second);
  }
}

// Hunks over indices of a and b. One hunk over all where there are too many differences.
std::vector<Hunk> myers(const Ids& a, const Ids& b) {
  const auto n = std::ssize(a);
  const auto m = std::ssize(b);
  const std::ptrdiff_t most = std::min(n + m, kMaxDifferences);
  std::vector<std::ptrdiff_t> furthest(static_cast<std::size_t>(2 * most + 3), 0);
  const auto at = [&](std::ptrdiff_t k) -> std::ptrdiff_t& {
    return furthest[static_cast<std::size_t>(k + most + 1)];
  };
  std::vector<std::vector<std::ptrdiff_t>> trace;  // trace[d]: at(-d..d) before step d
  std::ptrdiff_t found = -1;
  for (std::ptrdiff_t d = 0; d <= most && found < 0; ++d) {
    trace.emplace_back(furthest.begin() + (most + 1 - d - 1),
                       furthest.begin() + (most + 1 + d + 2));
    for (std::ptrdiff_t k = -d; k <= d; k += 2) {
      const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
      std::ptrdiff_t x = down ? at(k + 1) : at(k - 1) + 1;
      while (x < n && x - k < m && x - k >= 0 &&
             a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(x - k)]) {
        ++x;
      }
      at(k) = x;
      if (x >= n && x - k >= m) {
        found = d;
        break;
      }
    }
  }
  if (found < 0) return {{0, a.size(), 0, b.size()}};

  std::vector<Hunk> hunks;  // from the end back
  std::ptrdiff_t x = n;
  std::ptrdiff_t y = m;
  for (std::ptrdiff_t d = found; d > 0; --d) {
    const std::vector<std::ptrdiff_t>& before = trace[static_cast<std::size_t>(d)];
    const auto was = [&](std::ptrdiff_t k) { return before[static_cast<std::size_t>(k + d + 1)]; };
    const std::ptrdiff_t k = x - y;
    const bool down = k == -d || (k != d && was(k - 1) < was(k + 1));
    const std::ptrdiff_t from_k = down ? k + 1 : k - 1;
    const std::ptrdiff_t from_x = was(from_k);
    const std::ptrdiff_t from_y = from_x - from_k;
    const auto hunk_x = static_cast<std::size_t>(from_x);
    const auto hunk_y = static_cast<std::size_t>(from_y);
    const std::size_t dx = down ? 0 : 1;
    const std::size_t dy = down ? 1 : 0;
    const bool joins = !hunks.empty() && hunks.back().a_offset == hunk_x + dx &&
                       hunks.back().b_offset == hunk_y + dy;
    if (joins) {
      Hunk& last = hunks.back();
      last = {hunk_x, last.a_length + dx, hunk_y, last.b_length + dy};
    } else {
      hunks.push_back({hunk_x, dx, hunk_y, dy});
    }
    x = from_x;
    y = from_y;
  }
  std::reverse(hunks.begin(), hunks.end());
  return hunks;
}

// Takes what is equal at both ends off.
Hunk trim(std::string_view a, std::string_view b) {
  const auto [head, tail] = common_ends(a, b);
  return {head, a.size() - head - tail, head, b.size() - head - tail};
}

std::size_t bytes_of(const Pieces& pieces, std::size_t from, std::size_t count) {
  std::size_t bytes = 0;
  for (std::size_t i = from; i < from + count; ++i) bytes += pieces[i].size();
  return bytes;
}

// Diffs by pieces and gives the hunks in bytes.
template <class Cut>
std::vector<Hunk> diff_by(std::string_view a, std::string_view b, Cut cut) {
  const Pieces pieces_a = cut(a);
  const Pieces pieces_b = cut(b);
  std::unordered_map<std::string_view, std::uint32_t> known;
  Ids ids_a;
  Ids ids_b;
  number(pieces_a, known, ids_a);
  number(pieces_b, known, ids_b);
  std::vector<Hunk> out;
  std::size_t a_at = 0;  // pieces and bytes done so far
  std::size_t b_at = 0;
  std::size_t a_bytes = 0;
  std::size_t b_bytes = 0;
  for (const Hunk& h : myers(ids_a, ids_b)) {
    a_bytes += bytes_of(pieces_a, a_at, h.a_offset - a_at);
    b_bytes += bytes_of(pieces_b, b_at, h.b_offset - b_at);
    const std::size_t a_length = bytes_of(pieces_a, h.a_offset, h.a_length);
    const std::size_t b_length = bytes_of(pieces_b, h.b_offset, h.b_length);
    out.push_back({a_bytes, a_length, b_bytes, b_length});
    a_at = h.a_offset + h.a_length;
    b_at = h.b_offset + h.b_length;
    a_bytes += a_length;
    b_bytes += b_length;
  }
  return out;
}

void shift(std::vector<Hunk>& hunks, const Hunk& base) {
  for (Hunk& h : hunks) {
    h.a_offset += base.a_offset;
    h.b_offset += base.b_offset;
  }
}

// How much of a rewriting a hunk is; insertions and deletions alone are none.
std::size_t rewritten(const Hunk& h) {
  return h.a_length == 0 || h.b_length == 0 ? 0 : std::max(h.a_length, h.b_length);
}

// A few equal words between two rewritten passages are chance: they join what lies around them.
std::vector<Hunk> join_neighbours(const std::vector<Hunk>& hunks) {
  std::vector<Hunk> out;
  for (const Hunk& h : hunks) {
    Hunk next = h;
    while (!out.empty()) {
      const Hunk& last = out.back();
      const std::size_t equal = next.a_offset - last.a_offset - last.a_length;
      const bool chance = (equal <= rewritten(last) && equal <= rewritten(next)) ||
                          (equal <= 2 && rewritten(last) + rewritten(next) > 0);
      if (!chance) break;
      next = {last.a_offset, next.a_offset + next.a_length - last.a_offset, last.b_offset,
              next.b_offset + next.b_length - last.b_offset};
      out.pop_back();
    }
    out.push_back(next);
  }
  return out;
}

}  // namespace

std::vector<Hunk> diff(std::string_view a, std::string_view b) {
  if (a == b) return {};
  const Hunk all = trim(a, b);
  if (all.a_length == 0 || all.b_length == 0) return {all};
  std::vector<Hunk> by_words;
  std::vector<Hunk> by_lines =
      diff_by(a.substr(all.a_offset, all.a_length), b.substr(all.b_offset, all.b_length), lines_of);
  shift(by_lines, all);
  for (const Hunk& line : by_lines) {
    std::vector<Hunk> words = diff_by(a.substr(line.a_offset, line.a_length),
                                      b.substr(line.b_offset, line.b_length), words_of);
    shift(words, line);
    by_words.insert(by_words.end(), words.begin(), words.end());
  }
  std::vector<Hunk> out;
  for (const Hunk& h : join_neighbours(by_words)) {
    Hunk exact = trim(a.substr(h.a_offset, h.a_length), b.substr(h.b_offset, h.b_length));
    exact.a_offset += h.a_offset;
    exact.b_offset += h.b_offset;
    if (exact.a_length > 0 || exact.b_length > 0) out.push_back(exact);
  }
  return out;
}

}  // namespace understory::story
