// What understoryd was asked for: the command line over the configuration file over defaults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "protocol/messages.h"

namespace understory::daemon {

struct Options {
  std::string model;  // a path; empty: look for one (model_discovery.h)
  std::filesystem::path socket;
  std::string device;                  // index or part of a name; empty: the best
  std::uint32_t context = 0;           // tokens; 0: the model's, up to 4096
  std::size_t kv_cache_mib = 0;        // 0: from free device memory
  std::uint32_t prefetch_tokens = 32;  // thought ahead of each suggestion while idle
  std::string log_level = "info";
  std::uint32_t idle_exit_s = 0;                         // 0: stays
  std::map<std::string, protocol::SamplerKeys> presets;  // the configuration file's
};

struct Invocation {
  Options options;
  /// Set where there is nothing to run: --help, --version (0) or a usage error (2). Everything
  /// has been printed then.
  std::optional<int> exit_code;
};

/// kInvalidArgument, kNotFound: a bad configuration file, naming file, line and key.
Result<Invocation> parse_command_line(int argc, const char* const* argv);

/// Reads a configuration file over `options`. A key that does not exist is an error.
Status read_config(const std::filesystem::path& file, Options& options);

/// $XDG_CONFIG_HOME/understory/config.toml.
std::filesystem::path default_config_path();

}  // namespace understory::daemon
