// Drawing the story tree.
#include <algorithm>
#include <cmath>

#include "tui/app/tree_page.h"
#include "tui/text/unicode.h"

namespace understory::tui {

using protocol::StoryNode;

namespace {

constexpr int kTailColumns = 13;        // "   12%     34"
constexpr int kColumnsForTail = 60;     // fewer: first words alone
constexpr int kColumnsForBeside = 110;  // the preview beside the tree
constexpr int kRowsForBelow = 14;       // the preview below it

std::string right_aligned(std::string text, int columns) {
  const int gap = columns - display_width(text);
  return std::string(static_cast<std::size_t>(std::max(gap, 0)), ' ') + text;
}

Role role_of(const std::string& origin) {
  return origin == "model" ? Role::kFromModel : origin == "edited" ? Role::kEdited : Role::kPanel;
}

std::string sign_of(const std::string& origin) {
  return origin == "model" ? "◇ " : origin == "edited" ? "◈ " : "· ";
}

}  // namespace

std::string TreePage::title() const {
  std::string title = "Story tree";
  switch (shown_) {
    case Shown::kTree:
      break;
    case Shown::kMarks:
      title += ": names and bookmarks";
      break;
    case Shown::kEnds:
      title += ": where drafts end";
      break;
    case Shown::kFound:
      title += ": found " + std::to_string(list_.size());
      break;
    case Shown::kTrash:
      return "Trash";
  }
  if (hoisted_) title += ", from one branch on";
  return title;
}

Line TreePage::line_of(std::size_t row, int columns) const {
  const StoryNode& node = list_.at(row);
  Line line;
  std::string head = node.current ? "▶" : " ";
  head += node.bookmarked ? "★" : picked_.count(node.id) != 0 ? "✓" : " ";
  if (node.bookmarked && picked_.count(node.id) != 0)
    head = (node.current ? "▶" : "✓") + std::string("★");
  line.push_back({head, {Role::kKeyName}});
  line.push_back({list_.branches(row, columns / 3), {Role::kPanelDim}});
  line.push_back({sign_of(node.origin), {Role::kPanelDim}});
  if (!node.name.empty()) line.push_back({"[" + node.name + "] ", {Role::kTitle}});
  std::string words = one_line(node.preview);
  if (words.empty()) words = node.parent ? "(empty)" : "(beginning)";
  line.push_back({words, {role_of(node.origin), node.on_path, false, false}});
  return line;
}

void TreePage::draw_list(Frame& frame, int top, int columns) {
  const int limit = left_ + columns;
  const bool has_tail = columns >= kColumnsForTail;
  const int words_limit = has_tail ? limit - kTailColumns : limit;
  frame.put(top, left_, title(), {Role::kTitle}, words_limit);
  if (has_tail) frame.put(top, limit - kTailColumns, " likely depth", {Role::kPanelDim}, limit);
  const auto rows = static_cast<std::size_t>(list_rows_);
  first_ = std::clamp(first_, cursor_ >= rows ? cursor_ - rows + 1 : 0, cursor_);
  if (list_.size() == 0 && message_.empty()) {
    frame.put(list_top_, left_, "Nothing here", {Role::kPanelDim}, limit);
  }
  for (std::size_t i = 0; i < rows && first_ + i < list_.size(); ++i) {
    const StoryNode& node = list_.at(first_ + i);
    const int row = list_top_ + static_cast<int>(i);
    put_line(frame, row, left_, line_of(first_ + i, columns), words_limit);
    if (has_tail) {
      std::string tail;
      if (node.mean_logprob) {
        tail = std::to_string(std::lround(100 * std::exp(*node.mean_logprob))) + "%";
      }
      tail = right_aligned(tail, kTailColumns - 6) + right_aligned(std::to_string(node.depth), 6);
      frame.put(row, limit - kTailColumns, tail, {Role::kPanelDim}, limit);
    }
    if (first_ + i == cursor_) frame.restyle(row, left_, columns, {Role::kPanelChosen});
  }
}

/// The end of the path under the cursor.
void TreePage::draw_preview(Frame& frame, int row, int column, int end, int limit) {
  const std::vector<std::string> lines = fold(preview_, std::max(limit - column, 1));
  const std::size_t room = static_cast<std::size_t>(std::max(end - row, 0));
  const std::size_t skip = lines.size() > room ? lines.size() - room : 0;
  for (std::size_t i = skip; i < lines.size(); ++i) {
    frame.put(row + static_cast<int>(i - skip), column, lines[i], {Role::kPanel}, limit);
  }
}

void TreePage::draw_page(Frame& frame, int top) {
  const bool is_beside = frame.columns() >= kColumnsForBeside;
  left_ = is_beside ? 2 : margin_of(frame.columns());
  const int columns = frame.columns() - 2 * left_;
  const int last = frame.rows() - 1;
  const bool has_air = frame.rows() >= kRowsForBelow;
  const int bottom = has_air ? last - 1 : last;  // exclusive
  list_top_ = top + (has_air ? 2 : 1);
  const bool is_below = !is_beside && has_air;
  const int below = is_below ? std::max((bottom - list_top_) * 2 / 5, 3) : 0;
  list_rows_ = std::max(bottom - below - list_top_, 1);
  if (is_beside) {
    const int width = columns * 3 / 5;
    draw_list(frame, top, width);
    for (int row = list_top_; row < bottom; ++row) {
      frame.put(row, left_ + width + 1, "│", {Role::kPanelDim});
    }
    draw_preview(frame, list_top_, left_ + width + 4, bottom, left_ + columns);
  } else {
    draw_list(frame, top, columns);
    const int line = bottom - below;
    for (int column = left_; is_below && column < left_ + columns; ++column) {
      frame.put(line, column, "─", {Role::kPanelDim});
    }
    if (is_below) draw_preview(frame, line + 1, left_, bottom, left_ + columns);
  }
  if (prompt_ != Prompt::kNone) {
    const std::string asks = prompt_ == Prompt::kName     ? "Name: "
                             : prompt_ == Prompt::kSearch ? "Find: "
                                                          : "Export to: ";
    const int column = frame.put(last, left_, asks, {Role::kKeyName});
    edit_.draw(frame, last, column, left_ + columns, true);
    return;
  }
  draw_bottom(frame, !message_.empty()         ? message_
                     : moving_                 ? "Enter on the node it shall go on from · Esc"
                     : shown_ == Shown::kTrash ? "Enter restore · t or Esc: back to the tree"
                                               : "");
}

}  // namespace understory::tui
