// understoryd: options, wiring and the last error boundary.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "daemon/load_model.h"
#include "daemon/options.h"
#include "daemon/server/server.h"

namespace {

using namespace understory;

constexpr int kFailure = 1;
constexpr int kUsageError = 2;

void set_up_log(const std::string& level) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("understoryd"));
  spdlog::set_level(spdlog::level::from_str(level));
  // The journal has its own clock.
  const bool in_journal = std::getenv("JOURNAL_STREAM") != nullptr;
  spdlog::set_pattern(in_journal ? "[%l] %v" : "%Y-%m-%d %H:%M:%S.%e understoryd[%P]: [%l] %v");
}

Status serve(const daemon::Options& options) {
  server::Server server({options.socket, std::chrono::seconds(options.idle_exit_s),
                         requests::Presets(options.presets)});
  if (Status s = server.listen(); !s) {
    spdlog::error("{}", s.error().message);
    return s;
  }
  return server.run([&options](const std::function<void(float)>& progress) {
    return daemon::load_model(options, progress);
  });
}

int run(int argc, char** argv) {
  const Result<daemon::Invocation> invocation = daemon::parse_command_line(argc, argv);
  if (!invocation) {
    std::fprintf(stderr, "understoryd: %s\n", invocation.error().message.c_str());
    return kUsageError;
  }
  if (invocation->exit_code) return *invocation->exit_code;
  set_up_log(invocation->options.log_level);
  std::signal(SIGPIPE, SIG_IGN);  // a log that nobody reads any more
  return serve(invocation->options).ok() ? 0 : kFailure;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "understoryd: a defect: %s\n", e.what());
    return kFailure;
  }
}
