// Options and the error boundary; the subcommands do the work.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "protocol/messages.h"

namespace {

using namespace understory;
using namespace understory::cli;

constexpr const char* kExamples =
    "Examples:\n"
    "  understory story.md\n"
    "  understory complete 'It was raining when'\n"
    "  understory complete --n 3 --until sentence 'She opened the letter and'\n"
    "  understory complete --file chapter1.md\n"
    "  understory score chapter1.md --summary\n"
    "  understory status\n"
    "  understory doctor\n\n"
    "The first command starts the daemon, understoryd, which keeps the model awake;\n"
    "'understory stop' ends it. Each subcommand explains itself with --help.";

int fail(const std::string& message, int exit_code) {
  write_all(STDERR_FILENO, "understory: " + safe_for_terminal(message) + "\n");
  return exit_code;
}

/// True where the first argument is meant as a file to write in: it exists, or looks like a path.
bool is_file_to_write(const std::string& argument) {
  std::error_code error;
  return argument.find_first_of("/.") != std::string::npos ||
         std::filesystem::is_regular_file(argument, error);
}

/// `understory story.md` is `understory write story.md`. A first argument that is neither an
/// option, a subcommand nor a path is refused in better words than the parser's.
std::optional<std::string> settle_first_argument(const CLI::App& app,
                                                 std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0].empty() || arguments[0][0] == '-') return std::nullopt;
  std::string names;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == arguments[0]) return std::nullopt;
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  if (is_file_to_write(arguments[0])) {
    arguments.insert(arguments.begin(), "write");
    return std::nullopt;
  }
  return "there is no subcommand '" + arguments[0] + "'; there are " + names +
         ". Try 'understory story.md' or 'understory --help'";
}

int parse_failed(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const std::string name = chosen.empty() ? "" : " " + chosen.front()->get_name();
  // A text without quotation marks arrives as several arguments.
  const bool too_many = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  return fail(std::string(error.what()) +
                  (too_many ? "\nPut a text between quotation marks; see 'understory"
                            : "\nSee 'understory") +
                  name + " --help'.",
              kExitUsage);
}

int run_program(int argc, char** argv) {
  CLI::App app("Ghost text for fiction writers, from a base language model on this machine.",
               "understory");
  app.set_version_flag("--version", "understory " + std::string(protocol::version()));
  app.footer(kExamples);
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(34);
  Run run;
  add_complete(app, run);
  add_score(app, run);
  add_tokenize(app, run);
  add_detokenize(app, run);
  add_status(app, run);
  add_story(app, run);
  add_doctor(app, run);
  add_bench(app, run);
  add_bridge(app, run);
  add_start(app, run);
  add_stop(app, run);
  add_write(app, run);

  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (const auto message = settle_first_argument(app, arguments)) return fail(*message, kExitUsage);
  try {
    std::reverse(arguments.begin(), arguments.end());  // the parser takes them from the back
    app.parse(arguments);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return parse_failed(app, error);
  }
  if (!run) {
    write_all(STDOUT_FILENO, app.help());
    return kExitOk;
  }
  return run();
}

}  // namespace

namespace understory::cli {

ExitCode exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return kExitUsage;
    case ErrorCode::kUnavailable:
      return kExitNoDaemon;
    case ErrorCode::kCancelled:
      return kExitCancelled;
    default:
      return kExitFailed;
  }
}

void add_common_options(CLI::App& command, CommonOptions& options) {
  constexpr const char* kGroup = "Daemon";
  command
      .add_option("--socket", options.socket, "Where the daemon listens, if not at the usual place")
      ->type_name("PATH")
      ->group(kGroup);
  command.add_option("--model", options.model, "GGUF file, for a daemon that this command starts")
      ->type_name("FILE")
      ->group(kGroup);
  command
      .add_option("--device", options.device,
                  "Index or part of the name, for a daemon that this command starts")
      ->type_name("DEVICE")
      ->group(kGroup);
}

}  // namespace understory::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away shows as a failed write
  try {
    return run_program(argc, argv);
  } catch (const CommandFailure& failure) {
    return fail(failure.error().message, failure.exit_code());
  } catch (const ErrorException& failure) {
    return fail(failure.error().message, exit_code_of(failure.error().code));
  } catch (const std::exception& failure) {
    return fail(std::string("something went wrong inside: ") + failure.what(), kExitFailed);
  }
}
