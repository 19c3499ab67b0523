// What `doctor` looks at. Each check says what it found and, where that is bad, the cure.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "kernels/vulkan/vulkan_backend.h"

namespace understory::cli {

enum class Health { kGood, kNote, kBad };

struct Finding {
  std::string subject;  // "daemon", stable: part of the JSON
  Health health = Health::kGood;
  std::string text;
  std::string cure;  // empty where nothing is to be done
};

Finding check_daemon_program();
Finding check_socket(const CommonOptions& options);
Finding check_running_daemon(const CommonOptions& options);
Finding check_log_folder();
Finding check_terminal();

/// A device and how fast it is.
struct DeviceReport {
  std::size_t index = 0;
  kernels::DeviceInfo info;
  kernels::DeviceLimits limits;
  double decode_tok_s = 0;  // 0: not measured
  std::string problem;      // why the measurement failed
  std::string model;        // that was measured with
};

/// The devices, best first, or what is bad about having none.
std::vector<DeviceReport> find_devices(Finding& finding);

/// Starts a daemon on the device for a short continuation. The finding is about the model:
/// which was used, or why there is none.
void measure_device(DeviceReport& device, const std::string& model, Finding& model_finding);

}  // namespace understory::cli
