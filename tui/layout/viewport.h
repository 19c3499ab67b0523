// Which rows of the text are on the screen.
//
// Only what is on the screen is laid out: opening a book costs what opening a page costs. The
// anchor is the offset of the first row; edits above move it along.
#pragma once

#include <cstddef>
#include <vector>

#include "tui/layout/laid_block.h"
#include "tui/text/text.h"

namespace understory::tui {

class Viewport {
 public:
  /// Rows and columns for text; the measure is at most the columns.
  void resize(int rows, int columns, int measure);
  int rows() const { return rows_; }
  int measure() const { return measure_; }
  std::size_t top() const { return top_; }

  /// Keeps the same text on top when `removed` bytes at `offset` give way to `inserted`.
  void text_changed(std::size_t offset, std::size_t removed, std::size_t inserted);

  /// Scrolls as little as needed for the caret's row to be on the screen with `below` rows under
  /// it, or centres it (typewriter scrolling).
  void show(const Text& text, std::size_t caret, int below, bool centres);
  void scroll(const Text& text, int rows);  // above 0: further down

  struct ShownRow {
    std::size_t block = 0;  // index in `blocks`
    std::size_t row = 0;
  };
  struct Page {
    std::vector<LaidBlock> blocks;
    std::vector<ShownRow> rows;  // at most rows()
    int blank_above = 0;         // typewriter scrolling near the beginning
  };
  Page page(const Text& text, const Ghost* ghost) const;

 private:
  int rows_ = 1;
  int columns_ = 1;
  int measure_ = 1;
  std::size_t top_ = 0;
  int blank_above_ = 0;
};

}  // namespace understory::tui
