// The `understory` program: one file per subcommand, each adding itself to the option parser.
//
// Below it stands protocol/ alone (doctor also asks kernels/ for the devices); the daemon is
// another process, started where none runs (daemon_starter.h).
#pragma once

#include <functional>
#include <string>

#include "base/error.h"

namespace CLI {
class App;
}

namespace understory::cli {

/// Exit codes; stable, documented in cli/README.md.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,       // the request failed, or `doctor` found something wrong
  kExitUsage = 2,        // an option or argument that makes no sense
  kExitNoDaemon = 3,     // no daemon runs and none could be started
  kExitCancelled = 130,  // Ctrl-C
};

/// Ends a subcommand with an error and the exit code that goes with it; caught in main.
class CommandFailure : public ErrorException {
 public:
  CommandFailure(ExitCode exit_code, Error error)
      : ErrorException(std::move(error)), exit_code_(exit_code) {}
  ExitCode exit_code() const { return exit_code_; }

 private:
  ExitCode exit_code_;
};

/// The exit code of an error where nothing more is known.
ExitCode exit_code_of(ErrorCode code);

/// What every subcommand takes. Model and device matter only where it starts the daemon.
struct CommonOptions {
  std::string socket;  // empty: the user's own
  std::string model;   // empty: the daemon's choice
  std::string device;  // empty: the daemon's choice
};
void add_common_options(CLI::App& command, CommonOptions& options);

/// The chosen subcommand's work; gives an ExitCode or throws ErrorException.
using Run = std::function<int()>;

void add_complete(CLI::App& app, Run& run);
void add_score(CLI::App& app, Run& run);
void add_tokenize(CLI::App& app, Run& run);
void add_detokenize(CLI::App& app, Run& run);
void add_status(CLI::App& app, Run& run);
void add_story(CLI::App& app, Run& run);
void add_doctor(CLI::App& app, Run& run);
void add_bench(CLI::App& app, Run& run);
void add_bridge(CLI::App& app, Run& run);
void add_start(CLI::App& app, Run& run);
void add_stop(CLI::App& app, Run& run);
void add_write(CLI::App& app, Run& run);

}  // namespace understory::cli
