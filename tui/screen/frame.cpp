#include "tui/screen/frame.h"

#include <algorithm>

#include "tui/layout/wrap.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

Frame::Frame(int rows, int columns)
    : rows_(std::max(rows, 1)),
      columns_(std::max(columns, 1)),
      cells_(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_)) {}

void Frame::put_cluster(int row, int column, std::string_view cluster, int width, Style style) {
  // What covers half of a wide character leaves no other half.
  if (cell(row, column).cluster.empty() && column > 0) cell(row, column - 1).cluster = " ";
  if (column + width < columns_ && cell(row, column + width).cluster.empty()) {
    cell(row, column + width).cluster = " ";
  }
  cell(row, column) = {std::string(cluster), style};
  for (int i = 1; i < width; ++i) cell(row, column + i) = {"", style};
}

int Frame::put(int row, int column, std::string_view text, Style style, int limit) {
  const int end = limit < 0 ? columns_ : std::min(limit, columns_);
  if (row < 0 || row >= rows_ || column < 0) return column;
  const int start = column;
  for (std::size_t at = 0; at < text.size() && column < end;) {
    const Cluster c = cluster_at(text, at);
    const std::string_view cluster = text.substr(at, c.length);
    const int width = advance(text, at, c.width, column - start);
    const auto first = static_cast<unsigned char>(cluster[0]);
    at += c.length;
    if (width == 0) continue;
    if (column + width > end) break;
    if (first == '\t') {
      for (int i = 0; i < width; ++i) put_cluster(row, column + i, " ", 1, style);
    } else if (first < 0x20 || first == 0x7F) {
      put_cluster(row, column, "^", 1, style);
      const char shown = first == 0x7F ? '?' : static_cast<char>(first + '@');
      put_cluster(row, column + 1, {&shown, 1}, 1, style);
    } else if (!decode_utf8(cluster, 0).is_valid) {
      put_cluster(row, column, kReplacement, 1, style);
    } else if (decode_utf8(cluster, 0).code_point < 0xA0 && first >= 0x80) {  // C1 controls
      put_cluster(row, column, kReplacement, 1, style);
      put_cluster(row, column + 1, " ", 1, style);
    } else {
      put_cluster(row, column, cluster, width, style);
    }
    column += width;
  }
  return column;
}

void Frame::fill(int row, int column, int n, Style style) {
  if (row < 0 || row >= rows_) return;
  for (int i = std::max(column, 0); i < std::min(column + n, columns_); ++i) {
    put_cluster(row, i, " ", 1, style);
  }
}

void Frame::restyle(int row, int column, int n, Style style) {
  if (row < 0 || row >= rows_) return;
  for (int i = std::max(column, 0); i < std::min(column + n, columns_); ++i) {
    cell(row, i).style = style;
  }
}

void Frame::set_cursor(int row, int column) {
  cursor_row_ = row < rows_ ? row : -1;
  cursor_column_ = std::clamp(column, 0, columns_ - 1);
}

std::string Frame::row_text(int row) const {
  std::string out;
  for (int column = 0; column < columns_; ++column) out += at(row, column).cluster;
  const std::size_t last = out.find_last_not_of(' ');
  out.resize(last == std::string::npos ? 0 : last + 1);
  return out;
}

}  // namespace understory::tui
