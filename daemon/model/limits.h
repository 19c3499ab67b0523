// How large a model's steps and cache are, from options, model and device.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "daemon/model/config.h"
#include "daemon/model/model.h"
#include "kernels/backend.h"

namespace understory::model {

struct Limits {
  std::uint32_t context = 0;
  std::uint32_t max_sequences = 0;
  std::uint32_t max_rows = 0;
  std::uint32_t max_logit_rows = 0;
  std::uint32_t blocks_per_sequence = 0;
  std::uint32_t n_cache_blocks = 0;
};

/// kInvalidArgument naming the option. Call once the weights are on the device: the default
/// cache takes its share of what is left.
Result<Limits> choose_limits(const ModelOptions& options, const Config& config,
                             const kernels::Backend& backend);

}  // namespace understory::model
