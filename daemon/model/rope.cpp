#include "daemon/model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace understory::model {
namespace {

/// The pair whose wavelength makes `n_rotations` turns over the original context (YaRN,
/// section 3.2).
double pair_of_rotations(const RopeConfig& config, double n_rotations) {
  return config.dim * std::log(config.original_context / (n_rotations * 2 * std::numbers::pi)) /
         (2 * std::log(config.freq_base));
}

/// 1 where a pair keeps its frequency, 0 where it is interpolated, a ramp between.
double extrapolated_share(const RopeConfig& config, std::uint32_t pair) {
  const double low = std::max(0.0, std::floor(pair_of_rotations(config, config.beta_fast)));
  const double high =
      std::min(config.dim - 1.0, std::ceil(pair_of_rotations(config, config.beta_slow)));
  const double ramp = (pair - low) / std::max(0.001, high - low);
  return (1 - std::clamp(ramp, 0.0, 1.0)) * config.extrapolation;
}

}  // namespace

std::vector<double> rope_frequencies(const RopeConfig& config) {
  std::vector<double> out(config.dim / 2);
  for (std::uint32_t pair = 0; pair < out.size(); ++pair) {
    double frequency = std::pow(config.freq_base, -2.0 * pair / config.dim);
    if (!config.freq_factors.empty()) frequency /= config.freq_factors[pair];
    const double interpolated = frequency / config.context_factor;
    const double share = config.yarn ? extrapolated_share(config, pair) : 0;
    out[pair] = interpolated * (1 - share) + frequency * share;
  }
  return out;
}

double rope_magnitude(const RopeConfig& config) {
  const bool corrects = config.yarn && config.extrapolation != 0;
  return config.attention_factor * (corrects ? 1 + 0.1 * std::log(config.context_factor) : 1.0);
}

RopeTable::RopeTable(const RopeConfig& config)
    : dim_(config.dim),
      frequencies_(rope_frequencies(config)),
      magnitude_(rope_magnitude(config)) {}

std::span<const float> RopeTable::row(std::uint32_t position) {
  while (rows_.size() <= std::size_t{position} * dim_) {
    const std::size_t next = rows_.size() / dim_;
    const double p = static_cast<double>(next);
    for (const double frequency : frequencies_) {
      rows_.push_back(static_cast<float>(std::cos(p * frequency) * magnitude_));
      rows_.push_back(static_cast<float>(std::sin(p * frequency) * magnitude_));
    }
  }
  return std::span(rows_).subspan(std::size_t{position} * dim_, dim_);
}

}  // namespace understory::model
