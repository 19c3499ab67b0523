// Starting an understoryd process.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace understory::cli {

struct LaunchOptions {
  std::string socket;
  std::string model;          // empty: the daemon's choice
  std::string device;         // empty: the daemon's choice
  std::filesystem::path log;  // its stderr goes there, appended
  std::vector<std::string> extra_args;
};

/// $UNDERSTORYD, the understoryd beside this program, or the one in PATH. kUnavailable with
/// where it looked.
Result<std::filesystem::path> find_daemon_program();

/// $XDG_STATE_HOME/understory/understoryd.log; its folder is made. An old log of several MiB
/// is moved aside.
Result<std::filesystem::path> default_log_path();

/// A daemon that this program started: in a session of its own, so that it outlives the
/// terminal. The handle does not end it.
class LaunchedDaemon {
 public:
  static Result<LaunchedDaemon> launch(const LaunchOptions& options);

  pid_t pid() const { return pid_; }
  /// True once the process has ended; it is reaped then.
  bool has_ended();
  /// What it has written to its log so far, at most the last 4 KiB, and its last error line.
  std::string log_tail() const;
  /// Sends SIGTERM, and SIGKILL where that does not end it within timeout_ms.
  void terminate(int timeout_ms);

 private:
  pid_t pid_ = -1;
  bool ended_ = false;
  std::filesystem::path log_;
  std::uintmax_t log_start_ = 0;
};

}  // namespace understory::cli
