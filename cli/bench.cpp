// `understory bench`: how fast this machine runs the model.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/daemon_starter.h"
#include "cli/format.h"
#include "cli/measure.h"
#include "cli/memory_bandwidth.h"
#include "cli/request.h"
#include "cli/terminal.h"
#include "kernels/vulkan/vulkan_backend.h"

namespace understory::cli {
namespace {

struct Options {
  CommonOptions common;
  std::uint32_t runs = 5;
  std::uint32_t prompt_tokens = 128;
  std::uint32_t decode_tokens = 64;
  bool json = false;
};

struct Samples {
  std::vector<double> prefill_tok_s;
  std::vector<double> decode_tok_s;
  std::vector<double> ttft_cold_ms;
  std::vector<double> ttft_warm_ms;
  double memory_gb_s = 0;
};

/// What the device's memory can give. A CPU driver's kernels may read slower than the host can,
/// so that the better of both is the measure there.
double memory_gb_s(const protocol::StatusResult& status) {
  const bool is_host_memory = status.device->kind == "cpu";
  const double host_gb_s = is_host_memory ? measure_host_read_gb_s() : 0;
  kernels::VulkanOptions options;
  options.device = status.device->name;
  Result<std::unique_ptr<kernels::Backend>> backend = kernels::open_vulkan_backend(options);
  if (!backend) return host_gb_s;
  const Result<double> device_gb_s = kernels::measure_memory_bandwidth_gb_s(**backend);
  return std::max(host_gb_s, device_gb_s ? *device_gb_s : 0);
}

Samples measure(protocol::Client& client, const protocol::StatusResult& status,
                const Options& options) {
  ProgressLine progress;
  Samples samples;
  progress.show("Measuring memory bandwidth");
  samples.memory_gb_s = memory_gb_s(status);
  progress.show("Warming up");
  value_or_fail(measure_prefill(client, options.prompt_tokens));
  for (std::uint32_t i = 0; i < options.runs; ++i) {
    progress.show("Measuring", format("run %u of %u", i + 1, options.runs));
    const Prefill prefill = value_or_fail(measure_prefill(client, options.prompt_tokens));
    samples.prefill_tok_s.push_back(prefill.tok_s);
    samples.ttft_cold_ms.push_back(prefill.ttft_cold_ms);
    samples.ttft_warm_ms.push_back(prefill.ttft_warm_ms);
    samples.decode_tok_s.push_back(value_or_fail(measure_decode(client, options.decode_tokens)));
  }
  return samples;
}

double decode_gb_s(const protocol::StatusResult& status, double tok_s) {
  return static_cast<double>(status.model->weight_bytes) * tok_s / 1e9;
}

double resident_mib(const protocol::StatusResult& status) {
  return static_cast<double>(status.memory.resident_bytes) / (1 << 20);
}

std::string json_report(const protocol::StatusResult& status, const Samples& samples) {
  const double tok_s = median(samples.decode_tok_s);
  return nlohmann::ordered_json{{"model", status.model->name},
                                {"device", status.device->name},
                                {"prefill_tok_s", median(samples.prefill_tok_s)},
                                {"decode_tok_s", tok_s},
                                {"decode_gb_s", decode_gb_s(status, tok_s)},
                                {"memory_gb_s", samples.memory_gb_s},
                                {"ttft_cold_ms", median(samples.ttft_cold_ms)},
                                {"ttft_warm_ms", median(samples.ttft_warm_ms)},
                                {"load_ms", status.load_ms},
                                {"resident_mib", resident_mib(status)}}
             .dump(2) +
         "\n";
}

std::string spread(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return format("   (%.1f to %.1f)", *low, *high);
}

std::string table(const protocol::StatusResult& status, const Samples& samples,
                  const Options& options) {
  const protocol::ModelSummary& m = *status.model;
  const double tok_s = median(samples.decode_tok_s);
  const double gb_s = decode_gb_s(status, tok_s);
  std::string out =
      "model     " + m.name + ", " + m.file_type + ", " + format_bytes(m.weight_bytes) + "\n";
  out += "device    " + status.device->name + ", " + status.device->driver + "\n";
  out += format("prefill   %8.1f tokens/s", median(samples.prefill_tok_s)) +
         spread(samples.prefill_tok_s) + format(", prompts of %u tokens\n", options.prompt_tokens);
  out += format("decode    %8.1f tokens/s", tok_s) + spread(samples.decode_tok_s) +
         format(", %u tokens each\n", options.decode_tokens);
  out += format("          %8.1f GB/s of weights read; the memory gives %.1f GB/s\n", gb_s,
                samples.memory_gb_s);
  out += format("first     %8.1f ms after a new prompt", median(samples.ttft_cold_ms)) +
         spread(samples.ttft_cold_ms) + "\n";
  out += format("          %8.1f ms after the same prompt again", median(samples.ttft_warm_ms)) +
         spread(samples.ttft_warm_ms) + "\n";
  out += format("load      %8.0f ms\n", status.load_ms);
  out += format("resident  %8.1f MiB\n", resident_mib(status));
  out += format("Medians of %u runs.\n", options.runs);
  return out;
}

int run_bench(const Options& options) {
  const InterruptWatch watch;
  std::optional<PrivateDaemon> own;
  std::optional<Connection> running;
  if (options.common.socket.empty()) {
    own = value_or_fail(PrivateDaemon::start(options.common.model, options.common.device,
                                             "Starting a daemon to measure"));
  } else {
    running = connect_or_fail(options.common);
  }
  protocol::Client& client = own ? own->client() : running->client;
  const Samples samples = measure(client, own ? own->status() : running->status, options);
  const protocol::StatusResult status = value_or_fail(client.call(protocol::StatusParams{}));
  if (!status.model || !status.device) {
    throw CommandFailure(kExitFailed, {ErrorCode::kUnavailable, "the daemon lost its model"});
  }
  write_all(STDOUT_FILENO,
            options.json ? json_report(status, samples) : table(status, samples, options));
  return kExitOk;
}

}  // namespace

void add_bench(CLI::App& app, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = *app.add_subcommand("bench", "How fast this machine runs the model");
  command.add_option("--runs", options->runs, "Repetitions; medians are reported")
      ->type_name("N")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_option("--prompt-tokens", options->prompt_tokens, "Length of the prompts")
      ->type_name("N")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command.add_option("--decode-tokens", options->decode_tokens, "Length of the continuations")
      ->type_name("N")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  command.add_flag("--json", options->json, "One JSON object; see cli/README.md");
  add_common_options(command, options->common);
  command.footer(
      "Starts a daemon of its own and ends it; with --socket it measures that daemon instead.\n"
      "Example:\n  understory bench --model ~/models/novel-1b.Q8_0.gguf --json");
  command.callback([options, &run] { run = [options] { return run_bench(*options); }; });
}

}  // namespace understory::cli
