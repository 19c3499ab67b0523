#include "tui/app/text_area.h"

#include <algorithm>
#include <vector>

#include "tui/layout/laid_block.h"
#include "tui/layout/wrap.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

/// Rows of a text with line feeds: [begin, end) without the feed.
std::vector<RowSpan> rows_of(const std::string& text, int columns) {
  std::vector<RowSpan> rows;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::vector<std::size_t> starts =
        wrap(std::string_view(text).substr(begin, end - begin), std::max(columns, 1));
    for (std::size_t i = 0; i < starts.size(); ++i) {
      rows.push_back({begin + starts[i], i + 1 < starts.size() ? begin + starts[i + 1] : end});
    }
    if (end == text.size()) return rows;
    begin = end + 1;
  }
}

std::size_t row_at_place(const std::vector<RowSpan>& rows, std::size_t place) {
  std::size_t row = 0;
  while (row + 1 < rows.size() && rows[row + 1].begin <= place) ++row;
  return row;
}

}  // namespace

void TextArea::set(std::string text) {
  text_ = std::move(text);
  caret_ = text_.size();
}

void TextArea::insert(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c != '\r') plain += c;
  }
  text_.insert(caret_, plain);
  caret_ += plain.size();
}

std::size_t TextArea::after(std::size_t at) const {
  return at < text_.size() ? at + cluster_at(text_, at).length : at;
}

std::size_t TextArea::before(std::size_t at) const {
  const std::size_t feed = at < 2 ? std::string::npos : text_.rfind('\n', at - 2);
  std::size_t from = feed == std::string::npos ? 0 : feed + 1;
  std::size_t last = from;
  for (; from < at; from = after(from)) last = from;
  return at == 0 ? 0 : last;
}

void TextArea::move_rows(int by) {
  const std::vector<RowSpan> rows = rows_of(text_, columns_);
  const std::size_t row = row_at_place(rows, caret_);
  const int column = column_of(text_, rows[row].begin, caret_);
  const auto to = static_cast<std::size_t>(
      std::clamp(static_cast<int>(row) + by, 0, static_cast<int>(rows.size()) - 1));
  const bool is_last = to + 1 == rows.size() || rows[to].end < rows[to + 1].begin;
  caret_ = offset_at(text_, rows[to].begin, rows[to].end, column, is_last);
}

bool TextArea::handle(const Key& key) {
  if (key.is_text()) {
    std::string bytes;
    append_utf8(bytes, key.code);
    insert(bytes);
    return true;
  }
  if (key.modifiers != 0) return false;
  const std::vector<RowSpan> rows = rows_of(text_, columns_);
  const RowSpan row = rows[row_at_place(rows, caret_)];
  switch (key.code) {
    case kEnter:
      insert("\n");
      return true;
    case kLeft:
      caret_ = before(caret_);
      return true;
    case kRight:
      caret_ = after(caret_);
      return true;
    case kUp:
      move_rows(-1);
      return true;
    case kDown:
      move_rows(1);
      return true;
    case kHome:
      caret_ = row.begin;
      return true;
    case kEnd:
      caret_ = row.end;
      return true;
    case kBackspace: {
      const std::size_t from = before(caret_);
      text_.erase(from, caret_ - from);
      caret_ = from;
      return true;
    }
    case kDelete:
      text_.erase(caret_, after(caret_) - caret_);
      return true;
    default:
      return false;
  }
}

void TextArea::draw(Frame& frame, int top, int rows, int left, int columns, bool has_focus) {
  columns_ = std::max(columns, 1);
  const std::vector<RowSpan> spans = rows_of(text_, columns_);
  const std::size_t caret_row = row_at_place(spans, caret_);
  const auto room = static_cast<std::size_t>(std::max(rows, 1));
  first_row_ = std::clamp(first_row_, caret_row >= room ? caret_row - room + 1 : 0, caret_row);
  for (std::size_t i = 0; i < room && first_row_ + i < spans.size(); ++i) {
    const RowSpan& span = spans[first_row_ + i];
    frame.put(top + static_cast<int>(i), left,
              std::string_view(text_).substr(span.begin, span.end - span.begin), {Role::kPanel},
              left + columns_ + 1);
  }
  if (has_focus) {
    frame.set_cursor(top + static_cast<int>(caret_row - first_row_),
                     left + column_of(text_, spans[caret_row].begin, caret_));
  }
}

}  // namespace understory::tui
