#include "tui/app/app.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <utility>
#include <vector>

#include "tui/app/pages.h"
#include "tui/app/workspace.h"
#include "tui/document/file_bytes.h"
#include "tui/screen/terminal.h"

namespace understory::tui {
namespace {

/// Signals as a file descriptor. They are blocked in every thread that starts later.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGWINCH, SIGHUP, SIGTERM, SIGINT}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, &old_);
    fd_ = signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() {
    close(fd_);
    pthread_sigmask(SIG_SETMASK, &old_, nullptr);
  }
  int fd() const { return fd_; }
  /// The next one; 0: none.
  int take() const {
    signalfd_siginfo info{};
    return ::read(fd_, &info, sizeof(info)) == sizeof(info) ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  sigset_t set_{};
  sigset_t old_{};
  int fd_ = -1;
};

ThemeName theme_of(ThemeChoice choice, std::optional<bool> is_light) {
  if (choice == ThemeChoice::kDark) return ThemeName::kDark;
  if (choice == ThemeChoice::kLight) return ThemeName::kLight;
  if (is_light) return *is_light ? ThemeName::kLight : ThemeName::kDark;
  // rxvt and others: "foreground;background".
  const char* colours = std::getenv("COLORFGBG");
  const std::string_view text = colours != nullptr ? colours : "";
  const std::string_view background = text.substr(text.rfind(';') + 1);
  return background == "7" || background == "15" ? ThemeName::kLight : ThemeName::kDark;
}

/// Shown once: a mark in the state folder says that it was.
void welcome_once(Workspace& workspace) {
  const std::filesystem::path mark = default_state_folder() / "welcomed";
  std::error_code error;
  if (workspace.panel || std::filesystem::exists(mark, error)) return;
  workspace.open(welcome_page(workspace));
  std::filesystem::create_directories(mark.parent_path(), error);
  (void)replace_file(mark, Text());
}

class Loop {
 public:
  Loop(Workspace& workspace, Terminal& terminal, const Signals& signals)
      : workspace_(workspace), terminal_(terminal), signals_(signals) {
    workspace_.copy_out = [this](std::string_view text) { terminal_.copy_to_clipboard(text); };
  }

  void run() {
    workspace_.resize(terminal_.rows(), terminal_.columns());
    while (!workspace_.quits && !is_hung_up_) {
      workspace_.tick(now_ms());
      show();
      wait();
    }
  }

 private:
  void show() {
    if (std::exchange(workspace_.wants_redraw, false)) terminal_.redraw();
    if (std::exchange(workspace_.wants_bell, false)) terminal_.bell();
    terminal_.show(workspace_.draw(), theme_of(workspace_.settings.theme, is_light_));
  }

  void wait() {
    const int speller_fd = workspace_.speller ? workspace_.speller->fd() : -1;
    std::array<pollfd, 4> fds = {{{terminal_.input_fd(), POLLIN, 0},
                                  {signals_.fd(), POLLIN, 0},
                                  {workspace_.link.fd(), POLLIN, 0},
                                  {speller_fd, POLLIN, 0}}};
    int timeout = workspace_.wait_ms(now_ms());
    const int escape = terminal_.escape_wait_ms();
    if (escape >= 0) timeout = std::min(timeout, escape);
    const int n = poll(fds.data(), fds.size(), timeout);
    std::vector<Event> events;
    if (n > 0 && (fds[1].revents & POLLIN) != 0) take_signals();
    if (n > 0 && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) is_hung_up_ = true;
    if (n > 0 && (fds[0].revents & POLLIN) != 0) {
      if (!terminal_.read(events)) is_hung_up_ = true;
    } else if (escape >= 0) {
      terminal_.flush_escape(events);
    }
    if (n > 0 && (fds[2].revents & POLLIN) != 0) workspace_.link.run_callbacks();
    if (n > 0 && (fds[3].revents & POLLIN) != 0 && workspace_.speller) {
      workspace_.speller->take_news();
    }
    for (const Event& event : events) {
      if (const BackgroundReply* reply = std::get_if<BackgroundReply>(&event)) {
        is_light_ = reply->is_light;
      } else {
        workspace_.handle(event);
      }
      if (workspace_.quits) return;
    }
  }

  void take_signals() {
    while (const int signal = signals_.take()) {
      if (signal == SIGWINCH) {
        terminal_.resize();
        workspace_.resize(terminal_.rows(), terminal_.columns());
      } else if (signal == SIGHUP || signal == SIGTERM) {
        // What is not saved stays in the journal and is offered at the next start.
        is_hung_up_ = true;
      }
    }
  }

  Workspace& workspace_;
  Terminal& terminal_;
  const Signals& signals_;
  std::optional<bool> is_light_;
  bool is_hung_up_ = false;
};

}  // namespace

Status run_app(const AppOptions& options) {
  const Signals signals;
  Settings settings = load_settings(default_settings_path());
  OpenOptions open_options;
  open_options.keeps_backup = settings.backup;
  Result<std::unique_ptr<Document>> document = Document::open(options.file, open_options);
  if (!document) return document.error();
  Result<Terminal> terminal = Terminal::open(settings.mouse, settings.theme == ThemeChoice::kAuto);
  if (!terminal) return terminal.error();
  LinkOptions link_options{options.socket, {}};
  if (settings.start_daemon) link_options.start_command = options.start_command;
  DaemonLink link(link_options);
  {
    Workspace workspace(*std::move(document), std::move(settings), link);
    welcome_once(workspace);
    Loop(workspace, *terminal, signals).run();
    (void)workspace.document->flush();
  }
  return {};
}

}  // namespace understory::tui
