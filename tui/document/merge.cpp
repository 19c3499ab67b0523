#include "tui/document/merge.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understory::tui {
namespace {

/// Above this many cells of the comparison table, what differs counts as one region.
constexpr std::size_t kMaxCells = std::size_t{16} << 20;

using Lines = std::vector<std::string_view>;  // with their line feeds

Lines split_lines(const std::string& text) {
  Lines lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t feed = text.find('\n', at);
    const std::size_t end = feed == std::string::npos ? text.size() : feed + 1;
    lines.emplace_back(text.data() + at, end - at);
    at = end;
  }
  return lines;
}

/// For each line of `a` the line of `b` that it stayed, or -1: the longest common subsequence.
std::vector<std::ptrdiff_t> match(const Lines& a, const Lines& b) {
  std::vector<std::ptrdiff_t> partner(a.size(), -1);
  std::size_t begin = 0;
  std::size_t a_end = a.size();
  std::size_t b_end = b.size();
  for (; begin < a_end && begin < b_end && a[begin] == b[begin]; ++begin) {
    partner[begin] = static_cast<std::ptrdiff_t>(begin);
  }
  for (; a_end > begin && b_end > begin && a[a_end - 1] == b[b_end - 1]; --a_end, --b_end) {
    partner[a_end - 1] = static_cast<std::ptrdiff_t>(b_end - 1);
  }
  const std::size_t n = a_end - begin;
  const std::size_t m = b_end - begin;
  if (n == 0 || m == 0 || n * m > kMaxCells) return partner;
  std::vector<std::uint32_t> length((n + 1) * (m + 1), 0);
  const auto cell = [&](std::size_t i, std::size_t j) -> std::uint32_t& {
    return length[i * (m + 1) + j];
  };
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = m; j-- > 0;) {
      cell(i, j) = a[begin + i] == b[begin + j] ? cell(i + 1, j + 1) + 1
                                                : std::max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  for (std::size_t i = 0, j = 0; i < n && j < m;) {
    if (a[begin + i] == b[begin + j]) {
      partner[begin + i] = static_cast<std::ptrdiff_t>(begin + j);
      ++i, ++j;
    } else if (cell(i + 1, j) >= cell(i, j + 1)) {
      ++i;
    } else {
      ++j;
    }
  }
  return partner;
}

std::string joined(const Lines& lines, std::size_t begin, std::size_t end) {
  std::string out;
  for (std::size_t i = begin; i < end; ++i) out += lines[i];
  return out;
}

}  // namespace

Merge merge(const Text& base, const Text& ours, const Text& theirs) {
  const std::string base_bytes = base.str();
  const std::string our_bytes = ours.str();
  const std::string their_bytes = theirs.str();
  const Lines o = split_lines(base_bytes);
  const Lines a = split_lines(our_bytes);
  const Lines b = split_lines(their_bytes);
  const std::vector<std::ptrdiff_t> in_a = match(o, a);
  const std::vector<std::ptrdiff_t> in_b = match(o, b);
  std::string out;
  Merge result;
  std::size_t i = 0;  // in base
  std::size_t j = 0;  // in ours
  std::size_t k = 0;  // in theirs
  while (true) {
    // The next line that all three share ends the region before it.
    std::size_t next = i;
    while (next < o.size() && (in_a[next] < 0 || in_b[next] < 0)) ++next;
    const bool at_end = next == o.size();
    const std::size_t a_next = at_end ? a.size() : static_cast<std::size_t>(in_a[next]);
    const std::size_t b_next = at_end ? b.size() : static_cast<std::size_t>(in_b[next]);
    const std::string was = joined(o, i, next);
    const std::string mine = joined(a, j, a_next);
    const std::string other = joined(b, k, b_next);
    if (mine == other || other == was) {
      out += mine;
    } else if (mine == was) {
      out += other;
    } else {
      out += mine;
      if (!mine.empty() && mine.back() != '\n' && !other.empty()) out += '\n';
      out += other;
      if (!mine.empty() && !other.empty()) ++result.n_conflicts;
    }
    if (at_end) break;
    out += o[next];
    i = next + 1;
    j = a_next + 1;
    k = b_next + 1;
  }
  result.text = Text(out);
  return result;
}

}  // namespace understory::tui
