// What an architecture gives the model: its weights on the device, and its forward pass.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "daemon/model/config.h"
#include "daemon/model/weights.h"
#include "kernels/backend.h"

namespace understory::model {

/// The inputs of a step, written before each run.
struct StepInputs {
  kernels::Indices tokens;  // [max_rows]
  kernels::RowInputs rows;
  std::vector<kernels::Tensor> cos_sin;  // one [max_rows, rope dim] per Architecture::ropes()
  kernels::Indices logit_rows;           // [max_logit_rows] the rows that want logits, rising
};

struct StepShape {
  std::uint32_t n_rows = 0;
  std::uint32_t n_logits = 0;  // 0: the step only fills the cache
};

class Architecture {
 public:
  virtual ~Architecture() = default;

  /// The rotations that forward() reads, in the order of StepInputs::cos_sin.
  virtual std::vector<RopeConfig> ropes() const = 0;

  /// Records one step: keys and values into the cache, logits [n_logits, vocab_size] out.
  virtual void forward(kernels::Ops& ops, const StepInputs& in, const kernels::KvCache& cache,
                       const kernels::Tensor& logits, StepShape shape) const = 0;
};

struct RowLimits {
  std::uint32_t max_rows = 0;
  std::uint32_t max_logit_rows = 0;
};

/// Take their weights from `loader`, whose status() says whether that went well.
std::unique_ptr<Architecture> load_llama(const Config& config, WeightLoader& loader,
                                         RowLimits limits);
std::unique_ptr<Architecture> load_gemma3(const Config& config, WeightLoader& loader,
                                          RowLimits limits);

}  // namespace understory::model
