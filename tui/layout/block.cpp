#include "tui/layout/block.h"

#include <algorithm>

#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr std::size_t kMaxBlockBytes = 16 * 1024;  // a longer line is cut every half of this
constexpr std::size_t kCutBytes = kMaxBlockBytes / 2;
constexpr std::size_t kSearchBytes = 256;  // how far a space is looked for

/// Where the cut number `k` of a long line is: behind a space, or at least between characters.
std::size_t cut_of(const Text& text, std::size_t line_start, std::size_t line_end, std::size_t k) {
  if (k == 0) return line_start;
  const std::size_t from = line_start + k * kCutBytes;
  if (from >= line_end) return line_end;
  const std::string near = text.substr(from, std::min(kSearchBytes, line_end - from));
  const std::size_t space = near.find(' ');
  if (space != std::string::npos && from + space + 1 < line_end) return from + space + 1;
  return std::min(next_cluster(text, previous_cluster(text, from)), line_end);
}

}  // namespace

Block block_at(const Text& text, std::size_t offset) {
  const std::size_t line = text.line_of(offset);
  Block block;
  block.begin = text.line_start(line);
  block.end = text.line_end(line);
  block.next = text.line_start(line + 1);
  block.is_last = line + 1 == text.n_lines();
  if (block.end - block.begin <= kMaxBlockBytes) return block;
  const std::size_t line_start = block.begin;
  const std::size_t line_end = block.end;
  std::size_t k = (std::min(offset, line_end) - line_start) / kCutBytes;
  while (k > 0 && cut_of(text, line_start, line_end, k) > offset) --k;
  block.begin = cut_of(text, line_start, line_end, k);
  std::size_t end = cut_of(text, line_start, line_end, k + 1);
  while (end == block.begin && end < line_end) end = cut_of(text, line_start, line_end, ++k + 1);
  block.is_line_start = block.begin == line_start;
  if (end < line_end) {
    block.end = end;
    block.next = end;
    block.is_line_end = false;
    block.is_last = false;
  }
  return block;
}

Block block_before(const Text& text, const Block& block) {
  return block_at(text, block.begin - 1);
}

}  // namespace understory::tui
