#include "daemon/options.h"

#include <toml++/toml.h>
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "daemon/preset_config.h"
#include "protocol/messages.h"
#include "protocol/socket_path.h"

namespace understory::daemon {
namespace {

constexpr const char* kExamples = R"(
Examples:
  understoryd
      Serves the configured or the bundled model until Ctrl-C.
  understoryd --model ~/models/gemma-3-4b-pt-Q4_K_M.gguf --context 8192
      Serves a base model of your own with a longer context.
  understoryd --device 1 --socket /tmp/second.sock
      A second daemon, on the second device ('understory doctor' lists them).

Configuration: $XDG_CONFIG_HOME/understory/config.toml (or ~/.config/...), TOML with the keys
model, socket, device, context, kv_cache_mib, prefetch_tokens, log_level, idle_exit_s. Options
given here win.
Tables [presets.NAME] name sampler settings for 'complete', by the keys of PROTOCOL.md:
  [presets.noir]
  temperature = 0.9
  dry_multiplier = 0.8
)";

Error config_error(const std::filesystem::path& file, const toml::source_region& where,
                   const std::string& what) {
  return {ErrorCode::kInvalidArgument,
          file.string() + ":" + std::to_string(where.begin.line) + ": " + what};
}

// Each returns what the value must be where it is not.
const char* take(const toml::node& node, std::string& out) {
  const auto value = node.value_exact<std::string>();
  if (!value) return "a string";
  out = *value;
  return nullptr;
}

template <class UInt>
const char* take_number(const toml::node& node, UInt& out) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value || *value < 0 || *value > std::numeric_limits<std::uint32_t>::max()) {
    return "a whole number from 0 to 4294967295";
  }
  out = static_cast<UInt>(*value);
  return nullptr;
}

const char* take_socket(const toml::node& node, std::filesystem::path& out) {
  std::string path;
  const char* expected = take(node, path);
  out = path;
  return expected;
}

constexpr const char* kUnknownKey = "";

const char* take_key(std::string_view key, const toml::node& node, Options& o) {
  if (key == "model") return take(node, o.model);
  if (key == "socket") return take_socket(node, o.socket);
  if (key == "device") return take(node, o.device);
  if (key == "context") return take_number(node, o.context);
  if (key == "kv_cache_mib") return take_number(node, o.kv_cache_mib);
  if (key == "prefetch_tokens") return take_number(node, o.prefetch_tokens);
  if (key == "log_level") return take(node, o.log_level);
  if (key == "idle_exit_s") return take_number(node, o.idle_exit_s);
  return kUnknownKey;
}

// "~/x" is the shell's to expand, but not in a file.
std::string expand_home(const std::string& path) {
  const char* home = std::getenv("HOME");
  if (home == nullptr || path.rfind("~/", 0) != 0) return path;
  return home + path.substr(1);
}

void declare(CLI::App& app, Options& o, std::string& config) {
  app.description(
      "understoryd keeps a base language model warm and writes ghost text for its clients.");
  app.footer(kExamples);
  app.set_version_flag("--version", std::string(protocol::version()));
  app.add_option("--model", o.model, "GGUF file of a base model")->type_name("FILE");
  app.add_option("--socket", o.socket, "Unix socket to listen at")->type_name("PATH");
  app.add_option("--device", o.device, "compute device: index or part of its name")
      ->type_name("DEVICE");
  app.add_option("--context", o.context,
                 "tokens of text that the model sees; 0: the model's own, up to 4096")
      ->type_name("TOKENS");
  app.add_option("--kv-cache-mib", o.kv_cache_mib,
                 "memory for remembered text; 0: four contexts (more where they are small, up to\n"
                 "64 MiB), but at most a quarter of the memory that the device has free")
      ->type_name("MIB");
  app.add_option("--prefetch-tokens", o.prefetch_tokens,
                 "tokens to think ahead of each suggestion while idle; 0: none")
      ->type_name("TOKENS");
  app.add_option("--config", config, "configuration file")->type_name("FILE");
  app.add_option("--log-level", o.log_level, "trace, debug, info, warn, error or off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  app.add_option("--idle-exit", o.idle_exit_s, "end when nobody was connected for so long; 0: stay")
      ->type_name("SECONDS");
}

// Parses twice: the first pass finds --config, the second overrides what that file says.
Result<Invocation> parse(int argc, const char* const* argv, Options options, std::string& config) {
  Invocation invocation;
  invocation.options = std::move(options);
  CLI::App app;
  declare(app, invocation.options, config);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e, std::cout, std::cerr);
    constexpr int kUsageError = 2;
    invocation.exit_code = code == 0 ? 0 : kUsageError;
  }
  return invocation;
}

}  // namespace

std::filesystem::path default_config_path() {
  const char* config_home = std::getenv("XDG_CONFIG_HOME");
  if (config_home != nullptr && config_home[0] == '/') {
    return std::filesystem::path(config_home) / "understory/config.toml";
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : "/") / ".config/understory/config.toml";
}

Status read_config(const std::filesystem::path& file, Options& options) {
  toml::table table;
  try {
    table = toml::parse_file(file.string());
  } catch (const toml::parse_error& e) {
    if (!std::filesystem::exists(file)) {
      return Error{ErrorCode::kNotFound, "there is no configuration file " + file.string()};
    }
    return config_error(file, e.source(), std::string(e.description()));
  }
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (name == "presets") {
      const auto error_at = [&](const toml::source_region& where, const std::string& what) {
        return config_error(file, where, what);
      };
      if (Status s = read_presets(node, error_at, options.presets); !s) return s;
      continue;
    }
    const char* expected = take_key(name, node, options);
    if (expected == kUnknownKey) {
      return config_error(file, node.source(), "there is no setting '" + name + "'");
    }
    if (expected != nullptr) {
      return config_error(file, node.source(), "'" + name + "' must be " + expected);
    }
  }
  options.model = expand_home(options.model);
  options.socket = expand_home(options.socket.string());
  return {};
}

Result<Invocation> parse_command_line(int argc, const char* const* argv) {
  Options defaults;
  defaults.socket = protocol::default_socket_path();
  std::string config;
  Result<Invocation> first = parse(argc, argv, defaults, config);
  if (!first || first->exit_code) return first;

  Options configured = defaults;
  const std::filesystem::path file =
      config.empty() ? default_config_path() : std::filesystem::path(config);
  if (!config.empty() || std::filesystem::exists(file)) {
    if (Status s = read_config(file, configured); !s) return s.error();
  }
  return parse(argc, argv, configured, config);
}

}  // namespace understory::daemon
