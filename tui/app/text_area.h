// A small field of several wrapped lines, for notes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tui/input/key.h"
#include "tui/screen/frame.h"

namespace understory::tui {

class TextArea {
 public:
  const std::string& text() const { return text_; }
  void set(std::string text);
  void insert(std::string_view text);
  /// True where the key was an editing key.
  bool handle(const Key& key);
  void draw(Frame& frame, int top, int rows, int left, int columns, bool has_focus);

 private:
  std::size_t before(std::size_t at) const;
  std::size_t after(std::size_t at) const;
  void move_rows(int by);

  std::string text_;
  std::size_t caret_ = 0;
  int columns_ = 40;
  std::size_t first_row_ = 0;
};

}  // namespace understory::tui
