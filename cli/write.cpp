// `understory write FILE`, also `understory FILE`: the writing app.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/daemon_starter.h"
#include "tui/app/app.h"

namespace understory::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string file;
  CommonOptions common;
};

/// This very program, asked to start a daemon: `understory start` with the same options.
std::vector<std::string> start_command(const CommonOptions& options) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  std::vector<std::string> command{error ? "understory" : self.string(), "start"};
  if (!options.socket.empty()) command.insert(command.end(), {"--socket", options.socket});
  if (!options.model.empty()) command.insert(command.end(), {"--model", options.model});
  if (!options.device.empty()) command.insert(command.end(), {"--device", options.device});
  return command;
}

int run_write(const Options& options) {
  tui::AppOptions app;
  app.file = options.file;
  app.socket = socket_of(options.common);
  app.start_command = start_command(options.common);
  const Status status = tui::run_app(app);
  if (!status) throw CommandFailure(kExitUsage, status.error());
  return kExitOk;
}

}  // namespace

void add_write(CLI::App& app, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      *app.add_subcommand("write", "Open the writing app; 'understory FILE' does the same");
  command.add_option("file", options->file, "The text to write; made at the first save")
      ->type_name("FILE")
      ->required();
  add_common_options(command, options->common);
  command.footer(
      "F1 in the app lists its keys; they and the theme can be changed in\n"
      "$XDG_CONFIG_HOME/understory/tui.toml.\n\n"
      "Examples:\n"
      "  understory story.md\n"
      "  understory write --model ~/models/base.Q4_K_M.gguf story.md");
  command.callback([options, &run] { run = [options] { return run_write(*options); }; });
}

}  // namespace understory::cli
