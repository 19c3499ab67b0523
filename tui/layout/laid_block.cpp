#include "tui/layout/laid_block.h"

#include <algorithm>

#include "tui/layout/wrap.h"

namespace understory::tui {

std::size_t LaidBlock::place_of(std::size_t offset) const {
  const std::size_t place = std::min(offset, block.end) - block.begin;
  return place <= ghost_begin ? place : place + (ghost_end - ghost_begin);
}

std::size_t LaidBlock::offset_of(std::size_t place) const {
  if (place <= ghost_begin) return block.begin + place;
  if (place <= ghost_end) return block.begin + ghost_begin;
  return block.begin + place - (ghost_end - ghost_begin);
}

std::size_t LaidBlock::row_of(std::size_t offset) const {
  const std::size_t place = place_of(offset);
  const auto after =
      std::upper_bound(rows.begin(), rows.end(), place,
                       [](std::size_t at, const RowSpan& row) { return at < row.begin; });
  std::size_t row = static_cast<std::size_t>(after - rows.begin()) - 1;
  // The caret before a ghost that begins on the next row stays where the writer is.
  if (has_ghost() && place == ghost_begin && row > 0 && rows[row].begin == ghost_begin &&
      rows[row - 1].end == ghost_begin) {
    --row;
  }
  return row;
}

int LaidBlock::column_of(std::size_t offset) const {
  return tui::column_of(shown, rows[row_of(offset)].begin, place_of(offset));
}

std::size_t LaidBlock::offset_at(std::size_t row, int column) const {
  const RowSpan& span = rows[row];
  const bool is_last = row + 1 == rows.size() || shown[span.end] == '\n';
  return offset_of(tui::offset_at(shown, span.begin, span.end, column, is_last));
}

LaidBlock lay(const Text& text, const Block& block, int measure, const Ghost* ghost) {
  LaidBlock laid;
  laid.block = block;
  laid.shown = text.substr(block.begin, block.end - block.begin);
  std::size_t held = 0;
  if (ghost != nullptr && !ghost->text.empty() && ghost->offset >= block.begin &&
      ghost->offset <= block.end && (ghost->offset < block.end || block.is_line_end)) {
    laid.ghost_begin = ghost->offset - block.begin;
    laid.ghost_end = laid.ghost_begin + ghost->text.size();
    laid.shown.insert(laid.ghost_begin, ghost->text);
    held = laid.ghost_begin;
  }
  // A ghost may have line feeds: each line is wrapped by itself.
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(laid.shown.find('\n', begin), laid.shown.size());
    const std::string_view line = std::string_view(laid.shown).substr(begin, end - begin);
    const std::vector<std::size_t> starts =
        wrap(line, measure, held > begin && held < end ? held - begin : 0);
    for (std::size_t i = 0; i < starts.size(); ++i) {
      laid.rows.push_back(
          {begin + starts[i], begin + (i + 1 < starts.size() ? starts[i + 1] : line.size())});
    }
    if (end == laid.shown.size()) break;
    begin = end + 1;
  }
  return laid;
}

RowRef row_at(const Text& text, std::size_t offset, int measure) {
  RowRef ref{lay(text, block_at(text, offset), measure), 0};
  ref.row = ref.laid.row_of(offset);
  return ref;
}

bool to_next_row(const Text& text, RowRef& ref, int measure) {
  if (ref.row + 1 < ref.laid.rows.size()) return ++ref.row, true;
  if (ref.laid.block.is_last) return false;
  ref.laid = lay(text, block_at(text, ref.laid.block.next), measure);
  ref.row = 0;
  return true;
}

bool to_previous_row(const Text& text, RowRef& ref, int measure) {
  if (ref.row > 0) return --ref.row, true;
  if (ref.laid.block.begin == 0) return false;
  ref.laid = lay(text, block_before(text, ref.laid.block), measure);
  ref.row = ref.laid.rows.size() - 1;
  return true;
}

}  // namespace understory::tui
