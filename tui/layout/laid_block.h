// A block cut into rows at a measure, with ghost text standing in it where there is some.
//
// `shown` is what the reader sees: the block's own bytes with the ghost between them. Offsets into
// it are "places"; place_of() and offset_of() translate from and to offsets in the text.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tui/layout/block.h"
#include "tui/text/text.h"

namespace understory::tui {

/// Text that is shown but not there.
struct Ghost {
  std::size_t offset = 0;  // in the text
  std::string text;        // may have line feeds; empty: none
};

struct RowSpan {
  std::size_t begin = 0;  // places
  std::size_t end = 0;
};

struct LaidBlock {
  Block block;
  std::string shown;
  std::size_t ghost_begin = 0;  // places; equal where there is no ghost
  std::size_t ghost_end = 0;
  std::vector<RowSpan> rows;  // at least one

  bool has_ghost() const { return ghost_begin < ghost_end; }
  std::size_t place_of(std::size_t offset) const;  // at the ghost's offset: before it
  std::size_t offset_of(std::size_t place) const;  // inside the ghost: its offset
  /// The row that an offset in the block is on.
  std::size_t row_of(std::size_t offset) const;
  int column_of(std::size_t offset) const;
  /// The offset at a column of a row.
  std::size_t offset_at(std::size_t row, int column) const;
};

/// `ghost` may be null; it is used where its offset is in this block.
LaidBlock lay(const Text& text, const Block& block, int measure, const Ghost* ghost = nullptr);

/// Where an offset is: its block, laid out without ghost, and the row in it.
struct RowRef {
  LaidBlock laid;
  std::size_t row = 0;

  std::size_t begin() const { return laid.offset_of(laid.rows[row].begin); }
};
RowRef row_at(const Text& text, std::size_t offset, int measure);
/// Steps to the row below or above; false at the text's ends.
bool to_next_row(const Text& text, RowRef& ref, int measure);
bool to_previous_row(const Text& text, RowRef& ref, int measure);

}  // namespace understory::tui
