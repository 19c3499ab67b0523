// `understory stop`: ends the daemon.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/daemon_starter.h"
#include "cli/request.h"
#include "cli/terminal.h"

namespace understory::cli {
namespace {

constexpr int kStopTimeoutMs = 10'000;

/// True once the process has ended.
bool await_end(pid_t pid, int timeout_ms) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return errno == ESRCH;
  pollfd ended{fd, POLLIN, 0};
  const int n = poll(&ended, 1, timeout_ms);
  close(fd);
  return n == 1;
}

int run_stop(const CommonOptions& options) {
  Result<protocol::Client> client = connect_to_running(options);
  if (!client) {
    write_all(STDERR_FILENO, "understory: no daemon runs at " + socket_of(options).string() + "\n");
    return kExitOk;
  }
  const protocol::ShutdownResult result =
      value_or_fail(client->call(protocol::ShutdownParams{}, kStopTimeoutMs));
  if (!await_end(static_cast<pid_t>(result.pid), kStopTimeoutMs)) {
    const std::string pid = std::to_string(result.pid);
    throw CommandFailure(kExitFailed,
                         {ErrorCode::kUnavailable, "the daemon (process " + pid +
                                                       ") was asked to end but still runs; end it "
                                                       "with 'kill " +
                                                       pid + "'"});
  }
  write_all(STDERR_FILENO, "understory: the daemon has ended\n");
  return kExitOk;
}

}  // namespace

void add_stop(CLI::App& app, Run& run) {
  const auto options = std::make_shared<CommonOptions>();
  CLI::App& command = *app.add_subcommand("stop", "End the daemon");
  add_common_options(command, *options);
  command.callback([options, &run] { run = [options] { return run_stop(*options); }; });
}

}  // namespace understory::cli
