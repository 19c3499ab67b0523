// How many prefill rows a step may have, so that nobody waits longer than about kStepTarget for a
// step to end: a cancellation, a newer request, the next token of another client. Learned from
// the steps that ran, since a row's cost hangs on the model, the device and what else the machine
// does.
//
// Engine thread only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace understory::engine {

inline constexpr std::chrono::milliseconds kStepTarget{50};

class PrefillPace {
 public:
  /// Rows of a prefill chunk at least. Kernels for CPU drivers work through so many at once, and
  /// beyond them a row costs the same in a short chunk as in a long one.
  static constexpr std::uint32_t kMinRows = 8;

  explicit PrefillPace(std::uint32_t max_rows) : max_rows_(max_rows) {}

  /// Prefill rows for a step that has n_decoding rows already. All that fit, or kMinRows doubled
  /// some times, so that few shapes of steps are recorded. kMinRows until a step was noted.
  std::uint32_t rows(std::uint32_t n_decoding) const;

  /// A step of that many rows took so long. Steps of less than kMinRows say nothing, as most of
  /// their time is not the rows'.
  void note(std::uint32_t n_rows, std::chrono::duration<double> took);

 private:
  double seconds_a_row() const;

  std::uint32_t max_rows_;
  // The fastest of the last few counts: what else holds a step up is not the rows' doing.
  std::array<double, 4> recent_{};
  std::uint32_t n_noted_ = 0;
};

}  // namespace understory::engine
