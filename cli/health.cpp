#include "cli/health.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "cli/daemon_starter.h"
#include "cli/launch.h"
#include "cli/measure.h"
#include "cli/request.h"
#include "cli/terminal.h"
#include "protocol/socket_path.h"

namespace understory::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::uint32_t kTasteTokens = 32;
constexpr mode_t kForOthers = 077;

}  // namespace

Finding check_daemon_program() {
  const Result<fs::path> program = find_daemon_program();
  if (program) return {"program", Health::kGood, program->string(), {}};
  return {"program", Health::kBad, program.error().message,
          "install Understory again, or set UNDERSTORYD to the program's path"};
}

Finding check_socket(const CommonOptions& options) {
  const fs::path socket = socket_of(options);
  const fs::path folder = socket.parent_path();
  struct stat info {};
  if (lstat(folder.c_str(), &info) != 0) {
    if (access(folder.parent_path().c_str(), W_OK) == 0) {
      return {"socket", Health::kGood, socket.string() + " (its folder is made when needed)", {}};
    }
    return {"socket", Health::kBad, "the folder " + folder.string() + " cannot be made",
            "set XDG_RUNTIME_DIR to a folder of yours, or give --socket"};
  }
  if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || access(folder.c_str(), W_OK) != 0) {
    return {"socket", Health::kBad, folder.string() + " is not a folder that you own and can write",
            "remove it, set XDG_RUNTIME_DIR to a folder of yours, or give --socket"};
  }
  if (options.socket.empty() && (info.st_mode & kForOthers) != 0) {
    return {"socket", Health::kBad, folder.string() + " is open to other users",
            "chmod 700 " + folder.string()};
  }
  return {"socket", Health::kGood, socket.string(), {}};
}

Finding check_running_daemon(const CommonOptions& options) {
  Result<protocol::Client> client = connect_to_running(options);
  if (!client) {
    return {"daemon", Health::kGood, "none is running; the first command starts one", {}};
  }
  constexpr int kTimeoutMs = 5000;
  const Result<protocol::StatusResult> status = client->call(protocol::StatusParams{}, kTimeoutMs);
  const std::string log = "$XDG_STATE_HOME/understory/understoryd.log (~/.local/state/...)";
  if (!status) {
    return {"daemon", Health::kBad, "it does not answer: " + status.error().message,
            "end it ('pkill understoryd') and look at its log, " + log};
  }
  if (status->error) {
    return {"daemon", Health::kBad, "it failed: " + status->error->message,
            "its log may say more: " + log};
  }
  std::string text = status->state + ", process " + std::to_string(status->pid);
  if (status->model) text += ", " + status->model->path;
  if (status->device) text += ", on " + status->device->name;
  return {"daemon", Health::kGood, text, {}};
}

Finding check_log_folder() {
  const Result<fs::path> log = default_log_path();
  if (!log) return {"log", Health::kBad, log.error().message, "make that folder writable"};
  if (access(log->parent_path().c_str(), W_OK) != 0) {
    return {"log", Health::kBad, log->parent_path().string() + " cannot be written",
            "make it writable, or set XDG_STATE_HOME"};
  }
  return {"log", Health::kGood, log->string(), {}};
}

Finding check_terminal() {
  if (!locale_is_utf8()) {
    return {"terminal", Health::kBad, "the locale's character set is not UTF-8",
            "set LANG to a UTF-8 locale: export LANG=C.UTF-8"};
  }
  const Paint paint(STDOUT_FILENO);
  if (!paint.is_terminal()) return {"terminal", Health::kGood, "UTF-8; output is no terminal", {}};
  return {"terminal",
          Health::kGood,
          paint.has_colours() ? "UTF-8, with colours" : "UTF-8, without colours",
          {}};
}

std::vector<DeviceReport> find_devices(Finding& finding) {
  finding.subject = "vulkan";
  Result<std::vector<kernels::DeviceInfo>> devices = kernels::list_vulkan_devices();
  if (!devices || devices->empty()) {
    finding.health = Health::kBad;
    finding.text = devices ? "there is no Vulkan device" : devices.error().message;
    finding.cure =
        "install a driver: 'apt-get install mesa-vulkan-drivers' (AMD, Intel, and any processor), "
        "or nvidia-driver (NVIDIA)";
    return {};
  }
  finding.text =
      std::to_string(devices->size()) + (devices->size() == 1 ? " device" : " devices, best first");
  const Result<std::vector<kernels::DeviceLimits>> limits = kernels::list_vulkan_limits();
  std::vector<DeviceReport> reports;
  for (kernels::DeviceInfo& info : *devices) {
    DeviceReport report;
    report.index = reports.size();
    report.info = std::move(info);
    if (limits && report.index < limits->size()) report.limits = (*limits)[report.index];
    reports.push_back(std::move(report));
  }
  const bool all_cpu = std::all_of(reports.begin(), reports.end(), [](const DeviceReport& r) {
    return r.info.kind == kernels::DeviceKind::kCpuDriver;
  });
  if (all_cpu) {
    finding.health = Health::kNote;
    finding.text += ", no GPU: the model runs on the processor, at a fraction of a GPU's speed";
    finding.cure =
        "if this machine has a GPU, install its driver: mesa-vulkan-drivers (AMD, "
        "Intel) or nvidia-driver (NVIDIA)";
  }
  return reports;
}

void measure_device(DeviceReport& device, const std::string& model, Finding& model_finding) {
  model_finding.subject = "model";
  Result<PrivateDaemon> daemon =
      PrivateDaemon::start(model, std::to_string(device.index), "Trying " + device.info.name);
  if (!daemon) {
    device.problem = daemon.error().message;
    const ErrorCode code = daemon.error().code;
    if (code == ErrorCode::kCancelled) throw CommandFailure(kExitCancelled, daemon.error());
    if (code == ErrorCode::kNotFound || code == ErrorCode::kBadModel ||
        code == ErrorCode::kUnsupported) {
      model_finding = {"model", Health::kBad, daemon.error().message,
                       "put a base model in GGUF form into ~/.local/share/understory/models, or "
                       "give --model"};
    }
    return;
  }
  if (daemon->status().model) {
    device.model = daemon->status().model->path;
    model_finding = {"model", Health::kGood, device.model, {}};
  }
  ProgressLine progress;
  progress.show("Measuring " + device.info.name);
  Result<double> warm_up = measure_decode(daemon->client(), kTasteTokens);
  const Result<double> tok_s =
      warm_up ? measure_decode(daemon->client(), kTasteTokens) : warm_up.error();
  if (!tok_s && is_interrupted()) throw CommandFailure(kExitCancelled, tok_s.error());
  if (tok_s) {
    device.decode_tok_s = *tok_s;
  } else {
    device.problem = tok_s.error().message;
  }
}

}  // namespace understory::cli
