// What comes over the text for a while: a bar at the bottom, or a page of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tui/input/key.h"
#include "tui/screen/frame.h"

namespace understory::tui {

class Panel {
 public:
  virtual ~Panel() = default;

  /// Rows at the bottom of the screen; 0: the whole screen.
  virtual int bar_rows(int columns) const {
    (void)columns;
    return 0;
  }
  /// Draws into rows [top, frame.rows()).
  virtual void draw(Frame& frame, int top) = 0;
  /// Returns false once it is done and should go.
  virtual bool handle(const Key& key) = 0;
  virtual bool handle_paste(std::string_view text) {
    (void)text;
    return true;
  }
  virtual bool handle_mouse(const Mouse& mouse) {
    (void)mouse;
    return true;
  }
};

/// Text with a style, in a line of a panel.
struct Span {
  std::string text;
  Style style;
};
using Line = std::vector<Span>;

/// Draws spans one after the other, cut at `limit`. Gives the column behind them.
int put_line(Frame& frame, int row, int column, const Line& line, int limit = -1);

/// Folds a text into lines of at most so many columns.
std::vector<std::string> fold(std::string_view text, int columns);

/// On one line: runs of white space become a space, between paragraphs " ¶ ".
std::string one_line(std::string_view text);

/// Panels keep to the middle of a wide screen: columns left free on either side.
int margin_of(int columns);

/// A title and lines to read, scrollable. Any closing key (Esc, Enter, q) ends it.
class TextPanel : public Panel {
 public:
  TextPanel(std::string title, std::function<std::vector<Line>(int columns)> lines)
      : title_(std::move(title)), lines_(std::move(lines)) {}
  void draw(Frame& frame, int top) override;
  bool handle(const Key& key) override;
  bool handle_mouse(const Mouse& mouse) override;

 private:
  std::string title_;
  std::function<std::vector<Line>(int)> lines_;
  int scroll_ = 0;
  int page_ = 1;
};

/// A list to choose from; typing filters it.
class ListPanel : public Panel {
 public:
  struct Item {
    Line line;
    std::string text;  // what the filter looks at
  };
  ListPanel(std::string title, std::vector<Item> items, std::function<void(std::size_t)> choose)
      : title_(std::move(title)), items_(std::move(items)), choose_(std::move(choose)) {}
  void select(std::size_t index) { chosen_ = index; }
  /// As a bar below the text, of at most so many rows.
  void as_bar(int rows) { bar_rows_ = rows; }
  int bar_rows(int columns) const override;
  void draw(Frame& frame, int top) override;
  bool handle(const Key& key) override;
  bool handle_mouse(const Mouse& mouse) override;

 private:
  std::vector<std::size_t> visible() const;
  bool take();

  std::string title_;
  std::vector<Item> items_;
  std::function<void(std::size_t)> choose_;
  std::string filter_;
  std::size_t chosen_ = 0;  // among the visible
  std::size_t first_ = 0;
  int rows_ = 1;
  int list_top_ = 0;
  int bar_rows_ = 0;  // 0: a page
};

/// A question with keys for answers. Esc takes the answer whose key is kEscape, where there is one.
class QuestionBar : public Panel {
 public:
  struct Answer {
    char32_t key = 0;
    std::string label;  // "[S]ave"
    std::function<void()> action;
  };
  QuestionBar(std::string question, std::vector<Answer> answers)
      : question_(std::move(question)), answers_(std::move(answers)) {}
  int bar_rows(int columns) const override;
  void draw(Frame& frame, int top) override;
  bool handle(const Key& key) override;

 private:
  std::vector<std::string> lines(int columns) const;
  std::string question_;
  std::vector<Answer> answers_;
};

/// One line of text with a caret.
class LineEdit {
 public:
  explicit LineEdit(std::string text = {}) : text_(std::move(text)), caret_(text_.size()) {}
  const std::string& text() const { return text_; }
  void set(std::string text);
  /// True where the key was an editing key.
  bool handle(const Key& key);
  void insert(std::string_view text);
  /// Draws into [column, limit) and sets the cursor where `has_focus`.
  void draw(Frame& frame, int row, int column, int limit, bool has_focus) const;

 private:
  std::size_t step(bool forward) const;
  std::string text_;
  std::size_t caret_ = 0;
};

/// Asks for a line of text.
class InputBar : public Panel {
 public:
  InputBar(std::string prompt, std::string text, std::function<void(const std::string&)> enter)
      : prompt_(std::move(prompt)), edit_(std::move(text)), enter_(std::move(enter)) {}
  int bar_rows(int) const override { return 1; }
  void draw(Frame& frame, int top) override;
  bool handle(const Key& key) override;
  bool handle_paste(std::string_view text) override;

 private:
  std::string prompt_;
  LineEdit edit_;
  std::function<void(const std::string&)> enter_;
};

}  // namespace understory::tui
