// Turns what terminals send into events: xterm's sequences and those of its relatives, rxvt, the
// Linux console, modifyOtherKeys and CSI u, SGR mouse reports, bracketed paste.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tui/input/key.h"

namespace understory::tui {

class KeyDecoder {
 public:
  /// Takes bytes as they come, cut anywhere; appends whole events.
  void feed(std::string_view bytes, std::vector<Event>& events);

  /// True while the bytes so far may be a key by themselves (Esc, Alt-[) or begin a longer
  /// sequence: when nothing follows for kEscapeMs, call flush().
  bool is_waiting() const { return !buffer_.empty() && !is_pasting_; }
  void flush(std::vector<Event>& events);
  static constexpr int kEscapeMs = 40;

  /// What the terminal's Backspace key sends, where that is Ctrl-H.
  void set_backspace(char byte) { backspace_ = byte; }

 private:
  /// Bytes taken from the front of view_; 0: more are needed.
  std::size_t take(std::vector<Event>& events, bool is_final);
  std::size_t take_escape(std::vector<Event>& events, bool is_final);
  std::size_t take_csi(std::vector<Event>& events, bool is_final);
  std::size_t take_osc(std::vector<Event>& events, bool is_final);
  void feed_paste(std::vector<Event>& events);

  std::string buffer_;
  std::string_view view_;  // of the buffer, while taking from it
  std::string paste_;
  bool is_pasting_ = false;
  char backspace_ = 0x7F;
};

}  // namespace understory::tui
