#include "tui/link/start_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;

namespace understory::tui {

bool StartProcess::run(const std::vector<std::string>& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return written_ = strerror(errno), false;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const int failed =
      posix_spawnp(&pid_, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failed != 0) {
    close(ends[0]);
    pid_ = -1;
    written_ = "cannot run " + command[0] + ": " + strerror(failed);
    return false;
  }
  output_ = ends[0];
  return true;
}

bool StartProcess::has_ended() {
  char bytes[4096];
  ssize_t n = 0;
  while (output_ >= 0 && (n = read(output_, bytes, sizeof(bytes))) > 0) {
    written_.append(bytes, static_cast<std::size_t>(n));
  }
  if (pid_ <= 0) return true;
  int status = 0;
  const pid_t ended = waitpid(pid_, &status, WNOHANG);
  if (ended == 0) return false;
  succeeded_ = ended == pid_ && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  while (output_ >= 0 && (n = read(output_, bytes, sizeof(bytes))) > 0) {
    written_.append(bytes, static_cast<std::size_t>(n));
  }
  pid_ = -1;
  return true;
}

std::string StartProcess::problem() const {
  // The first line of the last message: what follows it in lines of its own is the cure.
  constexpr std::string_view kName = "understory: ";
  const std::size_t at = written_.rfind(kName);
  const std::size_t from = at == std::string::npos ? 0 : at + kName.size();
  const std::string_view rest = std::string_view(written_).substr(from);
  return std::string(rest.substr(0, rest.find('\n')));
}

StartProcess::~StartProcess() {
  if (output_ >= 0) close(output_);
}

}  // namespace understory::tui
