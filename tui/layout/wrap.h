// Soft wrapping: where the rows of a paragraph begin at a measure.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace understory::tui {

inline constexpr int kTabColumns = 4;

/// A cluster's columns where it stands: a tab goes to the next tab stop, a line end has none.
int advance(std::string_view text, std::size_t at, int cluster_width, int column);

/// Offsets at which rows begin; the first is 0. `text` has no line feed.
///
/// A row breaks after spaces, hyphens and dashes, and between wide characters; a word longer than
/// the measure is cut between clusters. Spaces at a row's end hang beyond the measure.
/// What stands before `held` stays where it would stand if the text ended there: ghost text
/// behind the caret never pushes a typed word to the next row.
std::vector<std::size_t> wrap(std::string_view text, int measure, std::size_t held = 0);

/// The column of an offset within a row that begins at `row_start`.
int column_of(std::string_view text, std::size_t row_start, std::size_t offset);

/// The offset of the cluster at a column of a row, or of the row's last place where it is shorter.
std::size_t offset_at(std::string_view text, std::size_t row_start, std::size_t row_end, int column,
                      bool is_last_row);

}  // namespace understory::tui
