// What the program may assume about the terminal, and Ctrl-C.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace understory::cli {

enum class ColourChoice { kAutomatic, kAlways, kNever };

/// How to paint on one of the standard streams.
class Paint {
 public:
  /// Automatic: colours on a terminal that has them, unless NO_COLOR is set.
  explicit Paint(int fd, ColourChoice choice = ColourChoice::kAutomatic);

  bool is_terminal() const { return is_terminal_; }
  bool has_colours() const { return has_colours_; }

  /// Sequences that begin and end a style; empty without colours.
  std::string_view ghost() const { return style("\x1b[2;36m"); }
  std::string_view bold() const { return style("\x1b[1m"); }
  std::string_view dim() const { return style("\x1b[2m"); }
  std::string_view good() const { return style("\x1b[32m"); }
  std::string_view bad() const { return style("\x1b[31m"); }
  std::string_view reset() const { return style("\x1b[0m"); }

 private:
  std::string_view style(std::string_view sequence) const {
    return has_colours_ ? sequence : std::string_view{};
  }
  bool is_terminal_ = false;
  bool has_colours_ = false;
};

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};
TerminalSize terminal_size(int fd);

/// True where the locale's character set is UTF-8.
bool locale_is_utf8();

/// Writes all of `text` and keeps going after an interruption. False where the reader is gone.
bool write_all(int fd, std::string_view text);

/// A line on stderr that replaces itself on a terminal ("Loading 45%") and is written once per
/// distinct stage elsewhere.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { finish(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `stage` is printed either way; `detail` ("45%") on a terminal alone.
  void show(std::string_view stage, std::string_view detail = {});
  /// Ends the line.
  void finish();

 private:
  Paint paint_;
  std::string stage_;
  bool open_ = false;
};

/// While one lives, the first Ctrl-C or SIGTERM does not end the program but interrupts waiting
/// (EINTR) and sets is_interrupted(); a second one ends it. One at a time.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;
};

/// True once Ctrl-C or SIGTERM came during the watch. Always false without one.
bool is_interrupted();

}  // namespace understory::cli
