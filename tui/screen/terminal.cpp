#include "tui/screen/terminal.h"

#include <fcntl.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <map>
#include <optional>
#include <utility>

#include "tui/input/key_decoder.h"
#include "tui/screen/terminfo.h"
#include "tui/text/unicode.h"

// Last: its macros (move, clear, timeout ...) are in everybody's way.
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>

namespace understory::tui {
namespace {

constexpr std::string_view kModesOn = "\x1b[?2004h";
constexpr std::string_view kModesOff = "\x1b[?2004l";
constexpr std::string_view kMouseOn = "\x1b[?1002h\x1b[?1006h";
constexpr std::string_view kMouseOff = "\x1b[?1006l\x1b[?1002l";
constexpr std::string_view kAskBackground = "\x1b]11;?\x1b\\";
// Terminals cut longer ones, or hang up; what is too long stays in the app's own clipboard.
constexpr std::size_t kMaxClipboardBytes = 100'000;

void write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

/// The locale must know UTF-8, or ncurses writes question marks.
void choose_locale() {
  if (setlocale(LC_ALL, "") != nullptr && strcmp(nl_langinfo(CODESET), "UTF-8") == 0) return;
  for (const char* name : {"C.UTF-8", "en_US.UTF-8"}) {
    if (setlocale(LC_CTYPE, name) != nullptr) return;
  }
}

/// $TERM, or its variant with direct colour where the terminal says it has that and terminfo
/// knows how.
std::string terminal_name() {
  const char* term = std::getenv("TERM");
  const std::string name = term != nullptr ? term : "";
  const char* colours = std::getenv("COLORTERM");
  const std::string_view depth = colours != nullptr ? colours : "";
  if (depth != "truecolor" && depth != "24bit") return name;
  std::string base = name.substr(0, name.find("-256color"));
  for (const std::string& direct : {base + "-direct", std::string("xterm-direct")}) {
    const bool related = direct != "xterm-direct" || base == "xterm";
    if (related && terminfo_has(direct)) return direct;
  }
  return name;
}

}  // namespace

struct Terminal::State {
  SCREEN* screen = nullptr;
  ColourDepth depth = ColourDepth::kNone;
  bool uses_mouse = false;
  KeyDecoder decoder;
  std::optional<Frame> shown;
  std::optional<ThemeName> shown_theme;
  std::map<std::pair<int, int>, int> pairs;  // colours to pair number
  int flags = 0;                             // stdin's, as they were

  ~State() {
    if (screen == nullptr) return;
    if (uses_mouse) write_out(kMouseOff);
    write_out(kModesOff);
    endwin();
    delscreen(screen);
  }

  int pair_of(int foreground, int background) {
    if (foreground < 0 && background < 0) return 0;
    const auto [at, is_new] = pairs.try_emplace({foreground, background}, 0);
    if (is_new) {
      const int number = static_cast<int>(pairs.size());
      if (number < COLOR_PAIRS) {
        init_extended_pair(number, foreground, background);
        at->second = number;
      }
    }
    return at->second;
  }

  int colour_of(std::int32_t rgb, std::int16_t ansi) const {
    if (rgb < 0) return -1;
    if (depth == ColourDepth::kTrue) return rgb;
    if (depth == ColourDepth::k256) return nearest_of_256(rgb);
    return ansi < COLORS ? ansi : ansi - 8;
  }

  void set_style(const Style& style, ThemeName theme) {
    const Look& look = look_of(style.role, theme);
    attr_t attributes = A_NORMAL;
    const bool is_plain = depth == ColourDepth::kNone;
    const bool is_poor = is_plain || depth == ColourDepth::k16;
    if (look.is_bold || style.is_bold) attributes |= A_BOLD;
    if (look.is_underlined || style.is_underlined) attributes |= A_UNDERLINE;
    if (style.is_italic) attributes |= A_ITALIC;
    if (look.is_dim && is_plain) attributes |= A_DIM;
    if (look.is_reversed && is_plain) attributes |= A_REVERSE;
    int pair = 0;
    if (!is_plain) {
      const int foreground = colour_of(look.foreground, look.foreground_16);
      pair = pair_of(foreground, colour_of(look.background, look.background_16));
      // Eight colours have no bright black: dim is the next best.
      if (is_poor && look.is_dim && COLORS < 16) {
        attributes |= A_DIM;
        pair = pair_of(-1, -1);
      }
    }
    wattr_set(stdscr, attributes, static_cast<short>(pair), &pair);
  }

  /// One cluster: its spacing characters each with the marks behind it.
  void put_cell(int row, int column, const std::string& cluster, int width) {
    std::array<wchar_t, CCHARW_MAX + 1> wide{};
    std::size_t n = 0;
    char32_t previous = 0;
    int at_column = column;
    const auto flush = [&] {
      if (n == 0) return;
      wide[n] = L'\0';
      attr_t attributes = 0;
      short unused = 0;
      int pair = 0;
      wattr_get(stdscr, &attributes, &unused, &pair);
      cchar_t cell;
      if (setcchar(&cell, wide.data(), attributes, static_cast<short>(pair), &pair) == OK) {
        mvwadd_wch(stdscr, row, at_column, &cell);
      }
      at_column += std::max(wcwidth(wide[0]), 1);
      n = 0;
    };
    for (std::size_t at = 0; at < cluster.size();) {
      const Decoded d = decode_utf8(cluster, at);
      at += d.length;
      const char32_t before = std::exchange(previous, d.code_point);
      // Terminals draw these each in their own way and width: the first emoji stands for all.
      const bool is_emoji_style = d.code_point == 0xFE0F || d.code_point == 0xFE0E;
      if (before != 0 && (is_emoji_style || is_joined_emoji(before, d.code_point))) continue;
      const int expected = column_width(d.code_point);
      const auto c = static_cast<wchar_t>(d.code_point);
      if (expected > 0 || n == 0) {
        flush();
        // A character whose width the C library sees otherwise would shift the whole row.
        const bool agrees = wcwidth(c) == expected && expected > 0;
        if (!agrees && expected == 0) {
          wide[n++] = L' ';
          if (wcwidth(c) == 0) wide[n++] = c;
        } else if (agrees) {
          wide[n++] = c;
        } else {
          wide[n++] = L'\uFFFD';
          if (expected == 2 && at_column + 1 < column + width) {
            flush();
            wide[n++] = L' ';
          }
        }
      } else if (n < CCHARW_MAX && wcwidth(c) == 0 && d.code_point != 0x200D) {
        wide[n++] = c;
      }
    }
    flush();
  }
};

Result<Terminal> Terminal::open(bool uses_mouse, bool asks_background) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
    return Error{ErrorCode::kUnavailable, "the writing app needs a terminal"};
  }
  choose_locale();
  std::string name = terminal_name();
  // A terminal that this machine has not heard of is most likely a relative of xterm.
  if (!name.empty() && name != "dumb" && !terminfo_has(name)) name = "xterm-256color";
  if (name.empty() || name == "dumb" || !terminfo_has(name)) {
    return Error{ErrorCode::kUnavailable, "the terminal '" + name + "' is unknown; set TERM"};
  }
  auto state = std::make_unique<State>();
  state->uses_mouse = uses_mouse;
  state->screen = newterm(name.c_str(), stdout, stdin);
  if (state->screen == nullptr) {
    return Error{ErrorCode::kUnavailable, "the terminal '" + name + "' cannot be used"};
  }
  set_term(state->screen);
  raw();
  noecho();
  nonl();
  intrflush(stdscr, FALSE);
  idlok(stdscr, FALSE);
  leaveok(stdscr, FALSE);
  // In raw mode with VMIN 0 reading never waits; O_NONBLOCK would change the terminal for others.
  termios mode{};
  if (tcgetattr(STDIN_FILENO, &mode) == 0) {
    if (mode.c_cc[VERASE] == '\b') state->decoder.set_backspace('\b');
    mode.c_cc[VMIN] = 0;
    mode.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &mode);
  }
  if (!is_set("NO_COLOR") && has_colors() && start_color() == OK) {
    use_default_colors();
    state->depth = COLORS > 256    ? ColourDepth::kTrue
                   : COLORS == 256 ? ColourDepth::k256
                                   : ColourDepth::k16;
  }
  write_out(kModesOn);
  if (uses_mouse) write_out(kMouseOn);
  if (asks_background) write_out(kAskBackground);
  return Terminal(std::move(state));
}

Terminal::Terminal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Terminal::Terminal(Terminal&&) noexcept = default;
Terminal& Terminal::operator=(Terminal&&) noexcept = default;
Terminal::~Terminal() = default;

int Terminal::rows() const {
  return getmaxy(stdscr);
}
int Terminal::columns() const {
  return getmaxx(stdscr);
}
ColourDepth Terminal::depth() const {
  return state_->depth;
}
int Terminal::input_fd() const {
  return STDIN_FILENO;
}

bool Terminal::read(std::vector<Event>& events) {
  std::array<char, 1 << 16> bytes;
  while (true) {
    const ssize_t n = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (n > 0) {
      state_->decoder.feed({bytes.data(), static_cast<std::size_t>(n)}, events);
      if (static_cast<std::size_t>(n) < bytes.size()) return true;
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else if (n < 0 && errno != EAGAIN) {
      return false;  // EIO: hung up
    } else {
      return true;
    }
  }
}

int Terminal::escape_wait_ms() const {
  return state_->decoder.is_waiting() ? KeyDecoder::kEscapeMs : -1;
}

void Terminal::flush_escape(std::vector<Event>& events) {
  state_->decoder.flush(events);
}

void Terminal::resize() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
    resizeterm(size.ws_row, size.ws_col);
  }
  redraw();
}

void Terminal::redraw() {
  state_->shown.reset();
}

void Terminal::show(const Frame& frame, ThemeName theme) {
  const bool is_fresh = !state_->shown || state_->shown->rows() != frame.rows() ||
                        state_->shown->columns() != frame.columns() || state_->shown_theme != theme;
  if (is_fresh) {
    wclear(stdscr);
    clearok(stdscr, TRUE);
  }
  for (int row = 0; row < frame.rows(); ++row) {
    bool differs = is_fresh;
    for (int column = 0; column < frame.columns() && !differs; ++column) {
      differs = !(frame.at(row, column) == state_->shown->at(row, column));
    }
    if (!differs) continue;
    std::optional<Style> style;
    for (int column = 0; column < frame.columns(); ++column) {
      const Cell& cell = frame.at(row, column);
      if (cell.cluster.empty()) continue;
      if (style != cell.style) state_->set_style(*(style = cell.style), theme);
      int width = 1;
      while (column + width < frame.columns() && frame.at(row, column + width).cluster.empty()) {
        ++width;
      }
      state_->put_cell(row, column, cell.cluster, width);
    }
  }
  if (frame.cursor_row() >= 0) {
    curs_set(1);
    wmove(stdscr, frame.cursor_row(), frame.cursor_column());
  } else {
    curs_set(0);
  }
  wrefresh(stdscr);
  state_->shown = frame;
  state_->shown_theme = theme;
}

void Terminal::copy_to_clipboard(std::string_view text) {
  if (text.size() > kMaxClipboardBytes) return;
  write_out("\x1b]52;c;" + base64(text) + "\a");
}

void Terminal::bell() {
  write_out("\a");
}

}  // namespace understory::tui
