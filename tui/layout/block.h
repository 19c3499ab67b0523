// Blocks: what is laid out by itself. A line of the file is one block, but a very long one (a
// megabyte pasted without a line feed) is cut at spaces so that every block costs about the same.
#pragma once

#include <cstddef>

#include "tui/text/text.h"

namespace understory::tui {

struct Block {
  std::size_t begin = 0;
  std::size_t end = 0;   // of its text, before a line end
  std::size_t next = 0;  // where the next block begins; beyond the last: size()
  bool is_line_start = true;
  bool is_line_end = true;
  bool is_last = false;  // of the text

  bool operator==(const Block&) const = default;
};

/// The block that an offset is in: at a line end that of the line before it.
Block block_at(const Text& text, std::size_t offset);
/// The block before one that does not begin the text.
Block block_before(const Text& text, const Block& block);

}  // namespace understory::tui
