// The terminal: ncurses for the screen, its own reading of keys (input/key_decoder.h), because
// what writers press (Alt-], Ctrl-Right, a megabyte of paste) is more than terminfo knows.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tui/input/key.h"
#include "tui/screen/frame.h"
#include "tui/screen/theme.h"

namespace understory::tui {

enum class ColourDepth { kNone, k16, k256, kTrue };

class Terminal {
 public:
  /// Takes over the terminal. kUnavailable: stdin or stdout is none, or its TERM is unknown.
  static Result<Terminal> open(bool uses_mouse, bool asks_background);
  Terminal(Terminal&&) noexcept;
  Terminal& operator=(Terminal&&) noexcept;
  ~Terminal();  // gives the terminal back as it was

  int rows() const;
  int columns() const;
  ColourDepth depth() const;

  int input_fd() const;
  /// Reads what has been typed; false where the terminal is gone.
  bool read(std::vector<Event>& events);
  /// How long to wait for the rest of an escape sequence, in ms; -1: none is open.
  int escape_wait_ms() const;
  void flush_escape(std::vector<Event>& events);

  /// After SIGWINCH: takes the new size and forgets what is on the screen.
  void resize();
  void redraw();  // everything, at the next show()
  void show(const Frame& frame, ThemeName theme);

  /// Gives text to the terminal's clipboard (OSC 52).
  void copy_to_clipboard(std::string_view text);
  void bell();

 private:
  struct State;
  explicit Terminal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace understory::tui
