// Reads a step's logits: a whole row, or its largest values. Large vocabularies are searched on
// the device, so that a step does not read back a quarter of a million numbers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "daemon/model/model.h"
#include "kernels/backend.h"

namespace understory::model {

class LogitReader {
 public:
  /// `logits` [max_logit_rows, vocab]; `softcap` as in Config.
  static Result<LogitReader> create(std::shared_ptr<kernels::Backend> backend,
                                    kernels::Tensor logits, float softcap);

  /// Tells that the logits are those of a new step.
  void begin_step(std::uint32_t n_logits);

  /// As Model::top and Model::logits.
  TopLogits top(std::uint32_t i, std::uint32_t k);
  void row(std::uint32_t i, std::span<float> out);

 private:
  /// Device results for one k, and the programs that make them, by the number of rows.
  struct DeviceTop {
    std::uint32_t k = 0;
    kernels::Indices ids;       // [max_logit_rows, k]
    kernels::Tensor values;     // [max_logit_rows, k]
    kernels::Tensor logsumexp;  // [max_logit_rows, 1]
    std::map<std::uint32_t, std::unique_ptr<kernels::Program>> programs;
    bool is_current = false;
  };

  LogitReader(std::shared_ptr<kernels::Backend> backend, kernels::Tensor logits, float softcap);
  Status add_device_top(std::uint32_t k);
  Status run_device_top(DeviceTop& device);
  TopLogits top_on_device(DeviceTop& device, std::uint32_t i, std::uint32_t k);
  TopLogits top_on_host(std::uint32_t i, std::uint32_t k);

  std::shared_ptr<kernels::Backend> backend_;
  kernels::Tensor logits_;
  float softcap_;
  std::uint32_t n_logits_ = 0;
  std::vector<DeviceTop> device_;  // rising k; empty: the host searches
  std::vector<float> host_row_;
};

/// The k largest of `logits`, ties to the lower token, and the whole row's logsumexp. NaN counts
/// as minus infinity.
TopLogits top_of_row(std::span<const float> logits, std::uint32_t k);

}  // namespace understory::model
