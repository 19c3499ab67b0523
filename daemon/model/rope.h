// Rotary position embedding (https://arxiv.org/abs/2104.09864): the cosines and sines that
// Ops::rope_store takes, computed on the host in double.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "daemon/model/config.h"

namespace understory::model {

/// Angle per position of each pair, [dim/2]: scaling, YaRN and frequency factors applied.
std::vector<double> rope_frequencies(const RopeConfig& config);

/// What YaRN and the model's attention factor multiply cos and sin with.
double rope_magnitude(const RopeConfig& config);

/// Rows of cos and sin, interleaved per pair, kept once computed. One thread at a time.
class RopeTable {
 public:
  explicit RopeTable(const RopeConfig& config);

  std::uint32_t dim() const { return dim_; }

  /// [dim], valid until the next call.
  std::span<const float> row(std::uint32_t position);

 private:
  std::uint32_t dim_;
  std::vector<double> frequencies_;
  double magnitude_;
  std::vector<float> rows_;  // [positions so far, dim]
};

}  // namespace understory::model
