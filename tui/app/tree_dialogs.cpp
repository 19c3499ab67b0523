// What opens over the story tree: where to split, branches side by side, what differs.
#include <algorithm>

#include "tui/app/tree_page.h"
#include "tui/text/boundaries.h"
#include "tui/text/text.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

class SplitPage : public Panel {
 public:
  SplitPage(const std::string& text, std::function<void(std::size_t)> split)
      : text_(text), split_(std::move(split)), at_(first_sentence_length(text)) {
    // Before the space between two words, so that the second half begins with it.
    if (at_ == 0 || at_ >= text_.size()) at_ = next_word(text_, 0);
  }

  void draw(Frame& frame, int top) override {
    const int left = margin_of(frame.columns());
    const int limit = frame.columns() - left;
    frame.put(top, left, "Split here", {Role::kTitle}, limit);
    const int first = top + (frame.rows() - top > 8 ? 2 : 1);
    const int last = frame.rows() - 1;
    const std::string before = text_.substr(0, at_) + "┃";
    const std::vector<std::string> above = fold(before, limit - left);
    const int rows = std::max(last - first, 1);
    const int scroll = std::max(static_cast<int>(above.size()) - std::max(rows * 2 / 3, 1), 0);
    std::vector<std::string> lines = fold(before + text_.substr(at_, text_.size()), limit - left);
    bool is_after = false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const int row = first + static_cast<int>(i) - scroll;
      const std::size_t bar = lines[i].find("┃");
      if (row >= first && row < last) {
        int column = frame.put(row, left, lines[i].substr(0, bar),
                               {is_after ? Role::kPanelDim : Role::kPanel}, limit);
        if (bar != std::string::npos) {
          column = frame.put(row, column, "┃", {Role::kKeyName}, limit);
          frame.put(row, column, lines[i].substr(bar + std::string_view("┃").size()),
                    {Role::kPanelDim}, limit);
        }
      }
      is_after = is_after || bar != std::string::npos;
    }
    frame.put(last, left, "Left, Right: word · Up, Down: sentence · Enter: split · Esc",
              {Role::kPanelDim}, limit);
  }

  bool handle(const Key& key) override {
    std::size_t to = at_;
    if (key == Key{kEscape, 0}) return false;
    if (key == Key{kEnter, 0}) return split_(at_), false;
    if (key.code == kLeft) to = end_of_word_before(at_);
    if (key.code == kRight) to = next_word(text_, at_);
    if (key.code == kUp) to = previous_sentence(text_, at_);
    if (key.code == kDown) to = next_sentence(text_, at_);
    if (to > 0 && to < text_.size()) at_ = to;
    return true;
  }

 private:
  std::size_t end_of_word_before(std::size_t at) const {
    std::size_t end = 0;
    for (std::size_t next = 0; (next = next_word(text_, next)) < at && next > end;) end = next;
    return end;
  }

  Text text_;
  std::function<void(std::size_t)> split_;
  std::size_t at_;
};

}  // namespace

std::unique_ptr<Panel> split_page(const std::string& text, std::function<void(std::size_t)> split) {
  return std::make_unique<SplitPage>(text, std::move(split));
}

std::unique_ptr<Panel> compare_page(std::vector<std::string> texts) {
  return std::make_unique<TextPanel>("Side by side, from where they part", [texts](int columns) {
    const auto n = static_cast<int>(texts.size());
    const int width = std::max((columns - 3 * (n - 1)) / n, 1);
    std::vector<std::vector<std::string>> parts;
    std::size_t n_rows = 0;
    for (const std::string& text : texts) {
      const std::size_t begin = std::min(text.find_first_not_of("\r\n "), text.size());
      parts.push_back(fold(std::string_view(text).substr(begin), width));
      n_rows = std::max(n_rows, parts.back().size());
    }
    std::vector<Line> lines;
    for (std::size_t row = 0; row < n_rows; ++row) {
      Line line;
      for (std::size_t part = 0; part < parts.size(); ++part) {
        std::string cell = row < parts[part].size() ? parts[part][row] : "";
        const int gap = width - display_width(cell);
        cell += std::string(static_cast<std::size_t>(std::max(gap, 0)), ' ');
        if (part > 0) line.push_back({" │ ", {Role::kPanelDim}});
        line.push_back({std::move(cell), {part == 0 ? Role::kPanel : Role::kFromModel}});
      }
      lines.push_back(std::move(line));
    }
    return lines;
  });
}

std::unique_ptr<Panel> differences_page(std::vector<protocol::StoryHunk> hunks) {
  return std::make_unique<TextPanel>("What differs", [hunks](int columns) {
    std::vector<Line> lines;
    const auto add = [&](const std::string& text, const char* sign, Role role) {
      std::string mark = sign;
      if (text.empty()) return;
      for (const std::string& row : fold(text, std::max(columns - 2, 1))) {
        lines.push_back({{mark, {Role::kKeyName}}, {row, {role}}});
        mark = "  ";
      }
    };
    for (const protocol::StoryHunk& hunk : hunks) {
      add(hunk.a_text, "− ", Role::kPanelDim);
      add(hunk.b_text, "+ ", Role::kFromModel);
      lines.push_back({});
    }
    if (hunks.empty()) lines.push_back({{"Nothing", {Role::kPanelDim}}});
    return lines;
  });
}

}  // namespace understory::tui
