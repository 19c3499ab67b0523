// `understory status`: what the daemon has loaded and how it fares.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/command.h"
#include "cli/daemon_starter.h"
#include "cli/format.h"
#include "cli/json_output.h"
#include "cli/request.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace understory::cli {
namespace {

struct Options {
  CommonOptions common;
  bool json = false;
};

std::string row(const char* name, const std::string& value) {
  return format("%-10s", name) + safe_for_terminal(value) + "\n";
}

std::string model_rows(const protocol::ModelSummary& m) {
  return row("model", m.name + ": " + m.architecture + ", " + format_count(m.n_parameters) +
                          " parameters, " + m.file_type + ", " + format_bytes(m.weight_bytes)) +
         row("", m.path) +
         row("", format("%u layers, %u wide, %u heads (%u for keys and values)", m.n_layers, m.dim,
                        m.n_heads, m.n_kv_heads)) +
         row("", "vocabulary " + std::to_string(m.vocab_size) + ", tokenizer " + m.tokenizer) +
         row("context", format("%u tokens (trained for %u)", m.context, m.trained_context));
}

std::string device_rows(const protocol::DeviceSummary& d) {
  return row("device", d.name + " (" + d.kind + ")") +
         row("", d.driver + ", Vulkan " + d.api_version +
                     format(", subgroups of %u, ", d.subgroup_size) + d.kernel_family +
                     " kernels") +
         row("", format_bytes(d.memory_bytes) + ", " + format_bytes(d.free_memory_bytes) + " free");
}

std::string engine_rows(const protocol::EngineSummary& e) {
  return row("work", format("%u at work, %u waiting, %llu done, %llu cancelled", e.active, e.queued,
                            static_cast<unsigned long long>(e.completed),
                            static_cast<unsigned long long>(e.cancelled))) +
         row("cache", format("%u of %u blocks in use, %u of them remembered text, %llu forgotten",
                             e.kv_blocks_used, e.kv_blocks_total, e.kv_blocks_cached,
                             static_cast<unsigned long long>(e.kv_evictions))) +
         row("", format("%.0f%% of prompt tokens found in it", 100 * e.cache_hit_rate)) +
         row("speed", format("%.1f tokens/s; first token after %.0f ms (half), %.0f ms (9 of 10)",
                             e.decode_tok_s, e.ttft.p50_ms, e.ttft.p90_ms));
}

std::string table(const protocol::StatusResult& s) {
  std::string state = s.state;
  if (s.state == "loading") state += format(", %.0f%%", 100 * s.progress);
  if (s.error) state += ": " + s.error->message;
  std::string out = row("daemon", state);
  out += row("", "understoryd " + s.version + ", process " + std::to_string(s.pid) + ", up " +
                     format_duration(s.uptime_s) +
                     format(", %u client%s", s.clients, s.clients == 1 ? "" : "s"));
  out += row("", s.socket);
  if (s.model) out += model_rows(*s.model);
  if (s.device) out += device_rows(*s.device);
  out += row("memory", format_bytes(s.memory.resident_bytes) + " resident, " +
                           format_bytes(s.memory.device_bytes) + " on the device, of which " +
                           format_bytes(s.memory.kv_cache_bytes) + " KV cache");
  if (s.engine) out += engine_rows(*s.engine);
  return out;
}

int no_daemon(const Options& options) {
  const std::string socket = socket_of(options.common).string();
  if (options.json) {
    const nlohmann::ordered_json json{{"state", "absent"}, {"socket", socket}};
    write_all(STDOUT_FILENO, json.dump(2) + "\n");
    return kExitNoDaemon;
  }
  throw CommandFailure(
      kExitNoDaemon,
      {ErrorCode::kUnavailable, "no daemon runs at " + socket + "; 'understory start' starts one"});
}

int run_status(const Options& options) {
  Result<protocol::Client> client = connect_to_running(options.common);
  if (!client) return no_daemon(options);
  const protocol::StatusResult status = value_or_fail(client->call(protocol::StatusParams{}));
  write_all(STDOUT_FILENO, options.json ? to_json(status) + "\n" : table(status));
  return kExitOk;
}

}  // namespace

void add_status(CLI::App& app, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      *app.add_subcommand("status", "Model, device, memory and speed of the daemon");
  command.add_flag("--json", options->json, "One JSON object; see cli/README.md");
  add_common_options(command, options->common);
  command.footer("Starts nothing: where no daemon runs it says so and exits with 3.");
  command.callback([options, &run] { run = [options] { return run_status(*options); }; });
}

}  // namespace understory::cli
