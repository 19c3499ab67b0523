#include "tui/layout/viewport.h"

#include <algorithm>

namespace understory::tui {

void Viewport::resize(int rows, int columns, int measure) {
  rows_ = std::max(rows, 1);
  columns_ = std::max(columns, 1);
  // One column stays free for a caret behind the last character.
  measure_ = std::clamp(measure, 1, std::max(columns_ - 1, 1));
}

void Viewport::text_changed(std::size_t offset, std::size_t removed, std::size_t inserted) {
  if (offset >= top_) return;
  if (offset + removed > top_) {
    top_ = offset;
  } else {
    top_ = top_ - removed + inserted;
  }
}

void Viewport::show(const Text& text, std::size_t caret, int below, bool centres) {
  top_ = std::min(top_, text.size());
  RowRef target = row_at(text, caret, measure_);
  const std::size_t wanted = target.begin();
  const int lowest = centres ? rows_ / 2 : std::max(rows_ - 1 - std::max(below, 0), 0);
  // Snap to a row's beginning: the measure or the text may have changed.
  RowRef at = row_at(text, top_, measure_);
  top_ = at.begin();
  if (!centres) {
    blank_above_ = 0;
    if (wanted >= top_) {
      int row = 0;
      while (row <= lowest) {
        if (at.begin() == wanted) return;
        if (!to_next_row(text, at, measure_)) break;
        ++row;
      }
    } else {
      top_ = wanted;
      return;
    }
  }
  int left = lowest;
  while (left > 0 && to_previous_row(text, target, measure_)) --left;
  top_ = target.begin();
  blank_above_ = centres ? left : 0;
}

void Viewport::scroll(const Text& text, int rows) {
  blank_above_ = 0;
  RowRef at = row_at(text, std::min(top_, text.size()), measure_);
  for (; rows > 0 && to_next_row(text, at, measure_); --rows) {
  }
  for (; rows < 0 && to_previous_row(text, at, measure_); ++rows) {
  }
  top_ = at.begin();
}

Viewport::Page Viewport::page(const Text& text, const Ghost* ghost) const {
  Page page;
  page.blank_above = blank_above_;
  const auto wanted = static_cast<std::size_t>(std::max(rows_ - blank_above_, 1));
  Block block = block_at(text, std::min(top_, text.size()));
  while (true) {
    page.blocks.push_back(lay(text, block, measure_, ghost));
    const LaidBlock& laid = page.blocks.back();
    std::size_t row = 0;
    if (page.blocks.size() == 1) row = laid.row_of(std::min(top_, text.size()));
    for (; row < laid.rows.size() && page.rows.size() < wanted; ++row) {
      page.rows.push_back({page.blocks.size() - 1, row});
    }
    if (page.rows.size() >= wanted || block.is_last) return page;
    block = block_at(text, block.next);
  }
}

}  // namespace understory::tui
