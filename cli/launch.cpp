#include "cli/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>

namespace understory::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kMaxLogBytes = std::uintmax_t{4} << 20;
constexpr std::uintmax_t kTailBytes = 4096;
constexpr std::string_view kProgram = "understoryd";

bool is_program(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::vector<std::string> arguments(const fs::path& program, const LaunchOptions& options) {
  std::vector<std::string> args{program.string(), "--socket", options.socket};
  if (!options.model.empty()) {
    std::error_code error;
    // The daemon runs in /; a name that is no file is the daemon's to resolve or to refuse.
    const bool is_file = fs::exists(options.model, error);
    args.insert(args.end(),
                {"--model", is_file ? fs::absolute(options.model).string() : options.model});
  }
  if (!options.device.empty()) args.insert(args.end(), {"--device", options.device});
  args.insert(args.end(), options.extra_args.begin(), options.extra_args.end());
  return args;
}

/// posix_spawn's two argument objects, freed together.
struct SpawnSetup {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSetup() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
};

}  // namespace

Result<fs::path> find_daemon_program() {
  const std::string chosen = environment("UNDERSTORYD");
  if (!chosen.empty()) {
    if (is_program(chosen)) return fs::absolute(chosen);
    return Error{ErrorCode::kUnavailable,
                 "UNDERSTORYD is '" + chosen + "', which is not a program; correct or unset it"};
  }
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path() / kProgram;
  if (!error && is_program(beside)) return beside;
  std::string path = environment("PATH");
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find(':', start), path.size());
    const fs::path candidate = fs::path(path.substr(start, end - start)) / kProgram;
    if (candidate.is_absolute() && is_program(candidate)) return candidate;
    start = end + 1;
  }
  return Error{ErrorCode::kUnavailable,
               "understoryd was not found beside this program (" + beside.parent_path().string() +
                   ") nor in PATH; install it, or set UNDERSTORYD to its path"};
}

Result<fs::path> default_log_path() {
  const std::string state = environment("XDG_STATE_HOME");
  const fs::path base =
      !state.empty() ? fs::path(state) : fs::path(environment("HOME")) / ".local" / "state";
  const fs::path folder = base / "understory";
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Error{ErrorCode::kIo, "cannot make the log folder " + folder.string() + ": " +
                                     error.message() + "; set XDG_STATE_HOME to one you can write"};
  }
  const fs::path log = folder / "understoryd.log";
  if (fs::file_size(log, error) > kMaxLogBytes && !error) {
    fs::rename(log, folder / "understoryd.log.old", error);
  }
  return log;
}

Result<LaunchedDaemon> LaunchedDaemon::launch(const LaunchOptions& options) {
  Result<fs::path> program = find_daemon_program();
  if (!program) return program.error();
  std::vector<std::string> args = arguments(*program, options);
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  argv.push_back(nullptr);

  LaunchedDaemon daemon;
  daemon.log_ = options.log;
  std::error_code error;
  const std::uintmax_t log_bytes = fs::file_size(options.log, error);
  daemon.log_start_ = error ? 0 : log_bytes;

  SpawnSetup setup;
  posix_spawnattr_setflags(&setup.attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigdefault(&setup.attributes, &all);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&setup.attributes, &none);
  posix_spawn_file_actions_addopen(&setup.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&setup.actions, STDOUT_FILENO, options.log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&setup.actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&setup.actions, STDERR_FILENO + 1);
  posix_spawn_file_actions_addchdir_np(&setup.actions, "/");
  const int failure = posix_spawn(&daemon.pid_, program->c_str(), &setup.actions, &setup.attributes,
                                  argv.data(), environ);
  if (failure != 0) {
    return Error{ErrorCode::kUnavailable, "cannot start " + program->string() +
                                              " with its log in " + options.log.string() + ": " +
                                              strerror(failure)};
  }
  return daemon;
}

bool LaunchedDaemon::has_ended() {
  int status = 0;
  if (!ended_ && waitpid(pid_, &status, WNOHANG) == pid_) ended_ = true;
  return ended_;
}

std::string LaunchedDaemon::log_tail() const {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(log_, error);
  if (error || size <= log_start_) return {};
  const std::uintmax_t start = std::max(log_start_, size - std::min(size, kTailBytes));
  std::ifstream in(log_, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(start));
  std::string tail(static_cast<std::size_t>(size - start), '\0');
  in.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  tail.resize(static_cast<std::size_t>(in.gcount()));
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  return tail;
}

void LaunchedDaemon::terminate(int timeout_ms) {
  constexpr int kStepMs = 10;
  if (has_ended()) return;
  kill(pid_, SIGTERM);
  for (int waited_ms = 0; waited_ms < timeout_ms; waited_ms += kStepMs) {
    if (has_ended()) return;
    poll(nullptr, 0, kStepMs);
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  ended_ = true;
}

}  // namespace understory::cli
