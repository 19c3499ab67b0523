// `understory doctor`: what is wrong, and how to mend it.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/format.h"
#include "cli/health.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace understory::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  CommonOptions common;
  bool measure = true;
  bool json = false;
};

struct Report {
  std::vector<DeviceReport> devices;
  std::vector<Finding> findings;
};

const char* to_string(kernels::DeviceKind kind) {
  switch (kind) {
    case kernels::DeviceKind::kDiscrete:
      return "discrete";
    case kernels::DeviceKind::kIntegrated:
      return "integrated";
    case kernels::DeviceKind::kVirtual:
      return "virtual";
    case kernels::DeviceKind::kCpuDriver:
      return "cpu";
    case kernels::DeviceKind::kReference:
      return "reference";
  }
  return "unknown";
}

const char* to_string(Health health) {
  switch (health) {
    case Health::kGood:
      return "good";
    case Health::kNote:
      return "note";
    case Health::kBad:
      return "bad";
  }
  return "bad";
}

Report examine(const Options& options) {
  Report report;
  report.findings.push_back(check_daemon_program());
  const bool has_program = report.findings.back().health != Health::kBad;
  Finding vulkan;
  report.devices = find_devices(vulkan);
  report.findings.push_back(vulkan);
  Finding model{"model", Health::kNote, "not looked at", {}};
  for (DeviceReport& device : report.devices) {
    if (!options.measure || !has_program) break;
    measure_device(device, options.common.model, model);
    if (!device.problem.empty() && model.health != Health::kBad) {
      report.findings.push_back({"device", Health::kBad,
                                 device.info.name + " does not work: " + device.problem,
                                 "update its driver, or choose another with --device"});
    }
    if (model.health == Health::kBad) break;  // it would fail on every device
  }
  report.findings.push_back(model);
  report.findings.push_back(check_socket(options.common));
  report.findings.push_back(check_running_daemon(options.common));
  report.findings.push_back(check_log_folder());
  report.findings.push_back(check_terminal());
  return report;
}

Json device_json(const DeviceReport& device) {
  const kernels::DeviceInfo& info = device.info;
  Json json{{"index", device.index},
            {"name", info.name},
            {"driver", info.driver},
            {"api_version", info.api_version},
            {"kind", to_string(info.kind)},
            {"subgroup_size", info.subgroup_size},
            {"memory_bytes", info.memory_bytes},
            {"free_memory_bytes", info.free_memory_bytes},
            {"kernel_family", info.kernel_family},
            {"limits",
             {{"storage_buffer_bytes", device.limits.storage_buffer_bytes},
              {"uniform_buffer_bytes", device.limits.uniform_buffer_bytes},
              {"push_constant_bytes", device.limits.push_constant_bytes},
              {"shared_memory_bytes", device.limits.shared_memory_bytes},
              {"workgroup_invocations", device.limits.workgroup_invocations}}}};
  json["decode_tok_s"] = device.decode_tok_s > 0 ? Json(device.decode_tok_s) : Json(nullptr);
  if (!device.problem.empty()) json["problem"] = device.problem;
  return json;
}

bool is_healthy(const Report& report) {
  return std::none_of(report.findings.begin(), report.findings.end(),
                      [](const Finding& f) { return f.health == Health::kBad; });
}

std::string json_report(const Report& report) {
  Json json{{"healthy", is_healthy(report)}, {"devices", Json::array()}, {"checks", Json::array()}};
  for (const DeviceReport& device : report.devices) json["devices"].push_back(device_json(device));
  for (const Finding& finding : report.findings) {
    Json entry{{"subject", finding.subject},
               {"health", to_string(finding.health)},
               {"text", finding.text}};
    if (!finding.cure.empty()) entry["cure"] = finding.cure;
    json["checks"].push_back(std::move(entry));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string device_lines(const DeviceReport& device, const Paint& paint) {
  const kernels::DeviceInfo& info = device.info;
  std::string out = format("%zu  ", device.index) + std::string(paint.bold()) +
                    safe_for_terminal(info.name) + std::string(paint.reset()) + " (" +
                    to_string(info.kind) + ")\n";
  out += "   " + safe_for_terminal(info.driver) + ", Vulkan " + info.api_version + "\n";
  out += "   " + format_bytes(info.memory_bytes) + " of memory, " +
         format_bytes(info.free_memory_bytes) + " free; subgroups of " +
         std::to_string(info.subgroup_size) +
         (info.kernel_family.empty() ? "" : ", " + info.kernel_family + " kernels") + "\n";
  const kernels::DeviceLimits& limits = device.limits;
  out += "   limits: " + format_bytes(limits.storage_buffer_bytes) + " a buffer binding, " +
         format_bytes(limits.shared_memory_bytes) +
         format(" shared by %zu invocations, ", limits.workgroup_invocations) +
         format_bytes(limits.push_constant_bytes) + " of push constants\n";
  if (device.decode_tok_s > 0) {
    out += format("   %.1f tokens/s with ", device.decode_tok_s) + safe_for_terminal(device.model) +
           "\n";
  }
  return out;
}

std::string finding_lines(const Finding& finding, const Paint& paint) {
  const bool bad = finding.health == Health::kBad;
  const bool note = finding.health == Health::kNote;
  const std::string_view colour = bad ? paint.bad() : note ? paint.dim() : paint.good();
  std::string out = std::string(colour) +
                    (bad    ? "wrong  "
                     : note ? "note   "
                            : "good   ") +
                    std::string(paint.reset());
  out += format("%-9s ", finding.subject.c_str()) + safe_for_terminal(finding.text) + "\n";
  if (!finding.cure.empty()) out += "                 to mend it: " + finding.cure + "\n";
  return out;
}

std::string text_report(const Report& report) {
  const Paint paint(STDOUT_FILENO);
  std::string out;
  for (const DeviceReport& device : report.devices) out += device_lines(device, paint);
  if (!report.devices.empty()) out += "\n";
  for (const Finding& finding : report.findings) out += finding_lines(finding, paint);
  return out;
}

int run_doctor(const Options& options) {
  const InterruptWatch watch;
  const Report report = examine(options);
  write_all(STDOUT_FILENO, options.json ? json_report(report) : text_report(report));
  return is_healthy(report) ? kExitOk : kExitFailed;
}

}  // namespace

void add_doctor(CLI::App& app, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      *app.add_subcommand("doctor", "What is wrong on this machine, and how to mend it");
  command.add_flag_callback(
      "--no-measure", [options] { options->measure = false; },
      "Do not try the devices with a model");
  command.add_flag("--json", options->json, "One JSON object; see cli/README.md");
  add_common_options(command, options->common);
  command.footer("Exits with 1 where something is wrong.");
  command.callback([options, &run] { run = [options] { return run_doctor(*options); }; });
}

}  // namespace understory::cli
