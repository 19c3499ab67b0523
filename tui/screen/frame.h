// A screen as cells: what drawing code fills and the terminal shows. Knows no ncurses, so that
// tests can look at it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understory::tui {

/// What a piece of text is; the theme decides how that looks.
enum class Role : std::uint8_t {
  kText,
  kDimmed,  // outside the focus
  kGhost,   // suggested, not there
  kSelected,
  kHeading,
  kMisspelt,
  kMatch,   // found by a search
  kStatus,  // the line at the bottom
  kStatusWarn,
  kTitle,  // of a panel
  kPanel,  // text of a panel
  kPanelDim,
  kPanelChosen,  // the line under the cursor
  kKeyName,
  kFromModel,  // origins of branch text
  kEdited,
  kLikely,  // token probabilities, from likely to unlikely
  kProbable,
  kPossible,
  kUnlikely,
  kRare,
};
inline constexpr std::size_t kRoles = static_cast<std::size_t>(Role::kRare) + 1;

struct Style {
  Role role = Role::kText;
  bool is_bold = false;
  bool is_italic = false;
  bool is_underlined = false;
  bool operator==(const Style&) const = default;
};

struct Cell {
  std::string cluster = " ";  // empty: the right half of a wide character
  Style style;
  bool operator==(const Cell&) const = default;
};

class Frame {
 public:
  Frame(int rows, int columns);

  int rows() const { return rows_; }
  int columns() const { return columns_; }
  const Cell& at(int row, int column) const {
    return cells_[static_cast<std::size_t>(row * columns_ + column)];
  }

  /// Draws clusters from a column on, at most to `limit` (exclusive; -1: the frame's edge). Gives
  /// the column behind the last. Control characters become visible and harmless.
  int put(int row, int column, std::string_view text, Style style, int limit = -1);
  void fill(int row, int column, int n, Style style);
  void restyle(int row, int column, int n, Style style);

  /// Where the cursor stands; hidden where row is -1.
  void set_cursor(int row, int column);
  int cursor_row() const { return cursor_row_; }
  int cursor_column() const { return cursor_column_; }

  /// A row as text without styles, for tests; spaces at the end removed.
  std::string row_text(int row) const;

 private:
  Cell& cell(int row, int column) {
    return cells_[static_cast<std::size_t>(row * columns_ + column)];
  }
  void put_cluster(int row, int column, std::string_view cluster, int width, Style style);

  int rows_;
  int columns_;
  std::vector<Cell> cells_;
  int cursor_row_ = -1;
  int cursor_column_ = 0;
};

}  // namespace understory::tui
