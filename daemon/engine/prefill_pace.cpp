#include "daemon/engine/prefill_pace.h"

#include <algorithm>

namespace understory::engine {

std::uint32_t PrefillPace::rows(std::uint32_t n_decoding) const {
  const double a_row = seconds_a_row();
  if (a_row <= 0) return std::min(kMinRows, max_rows_);
  const double target_s = std::chrono::duration<double>(kStepTarget).count();
  const double affordable = target_s / a_row - n_decoding;
  if (affordable >= max_rows_) return max_rows_;
  std::uint32_t rows = kMinRows;
  while (2 * rows <= affordable) rows *= 2;
  return std::min(rows, max_rows_);
}

void PrefillPace::note(std::uint32_t n_rows, std::chrono::duration<double> took) {
  if (n_rows < kMinRows) return;
  constexpr double kLeastSeconds = 1e-9;  // clocks are coarse; 0 would mean unknown
  recent_[n_noted_++ % recent_.size()] = std::max(took.count() / n_rows, kLeastSeconds);
}

double PrefillPace::seconds_a_row() const {
  const std::size_t n = std::min<std::size_t>(n_noted_, recent_.size());
  return n == 0 ? 0 : *std::min_element(recent_.begin(), recent_.begin() + n);
}

}  // namespace understory::engine
