#include "cli/terminal.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace understory::cli {
namespace {

bool terminal_has_colours() {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* term = std::getenv("TERM");
  return term != nullptr && *term != '\0' && std::strcmp(term, "dumb") != 0;
}

std::atomic<bool> interrupt_seen{false};
struct sigaction old_interrupt;
struct sigaction old_terminate;

void on_interrupt(int signal) {
  if (!interrupt_seen.exchange(true)) return;
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

Paint::Paint(int fd, ColourChoice choice) : is_terminal_(isatty(fd) == 1) {
  has_colours_ = choice == ColourChoice::kAlways ||
                 (choice == ColourChoice::kAutomatic && is_terminal_ && terminal_has_colours());
}

TerminalSize terminal_size(int fd) {
  TerminalSize size;
  winsize window{};
  if (ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 && window.ws_row > 0) {
    size.columns = window.ws_col;
    size.rows = window.ws_row;
  }
  return size;
}

bool locale_is_utf8() {
  std::setlocale(LC_CTYPE, "");
  return std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

ProgressLine::ProgressLine() : paint_(STDERR_FILENO) {}

void ProgressLine::show(std::string_view stage, std::string_view detail) {
  std::string line;
  if (paint_.is_terminal()) {
    line.append("\r\x1b[K").append(paint_.dim()).append(stage);
    if (!detail.empty()) line.append(" ").append(detail);
    line.append(paint_.reset());
  } else if (stage != stage_) {
    line.append("understory: ").append(stage).append("\n");
  }
  open_ = paint_.is_terminal();
  stage_ = stage;
  write_all(STDERR_FILENO, line);
}

void ProgressLine::finish() {
  if (open_) write_all(STDERR_FILENO, "\r\x1b[K");
  open_ = false;
}

InterruptWatch::InterruptWatch() {
  interrupt_seen = false;
  struct sigaction action {};
  action.sa_handler = on_interrupt;  // without SA_RESTART: poll() returns
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_interrupt);
  sigaction(SIGTERM, &action, &old_terminate);
}

InterruptWatch::~InterruptWatch() {
  sigaction(SIGINT, &old_interrupt, nullptr);
  sigaction(SIGTERM, &old_terminate, nullptr);
  interrupt_seen = false;
}

bool is_interrupted() {
  return interrupt_seen;
}

}  // namespace understory::cli
