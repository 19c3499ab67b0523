// `understory start`: a daemon that is ready, for programs that connect to it themselves.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/daemon_starter.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace understory::cli {
namespace {

int run_start(const CommonOptions& options) {
  const protocol::StatusResult status = connect_or_fail(options).status;
  std::string line = "the daemon is ready";
  if (status.model) line += ": " + status.model->name;
  if (status.device) line += " on " + status.device->name;
  write_all(STDERR_FILENO, "understory: " + safe_for_terminal(line) + "\n");
  return kExitOk;
}

}  // namespace

void add_start(CLI::App& app, Run& run) {
  const auto options = std::make_shared<CommonOptions>();
  CLI::App& command =
      *app.add_subcommand("start", "Start the daemon where none runs, and wait until it is ready");
  add_common_options(command, *options);
  command.callback([options, &run] { run = [options] { return run_start(*options); }; });
}

}  // namespace understory::cli
