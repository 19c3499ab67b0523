#include "tui/ghost/pacing.h"

#include <algorithm>

namespace understory::tui {
namespace {

constexpr double kSmoothing = 0.2;
constexpr std::int64_t kPauseMs = 1000;  // a longer gap is thinking, not typing
constexpr int kRejectionsInARow = 5;

}  // namespace

void Pacing::note_key(std::int64_t now_ms) {
  const std::int64_t gap = now_ms - last_key_ms_;
  if (last_key_ms_ != 0 && gap >= 0 && gap < kPauseMs) {
    gap_ms_ += kSmoothing * (static_cast<double>(gap) - gap_ms_);
  }
  last_key_ms_ = now_ms;
}

void Pacing::note_first_token(double ttft_ms) {
  ttft_ms_ += kSmoothing * (ttft_ms - ttft_ms_);
}

int Pacing::wait_ms() const {
  double wait = std::max({static_cast<double>(kShortestMs), 0.6 * ttft_ms_, 1.5 * gap_ms_});
  if (rejections_ >= kRejectionsInARow) wait *= 2;
  return static_cast<int>(std::min(wait, static_cast<double>(kLongestMs)));
}

}  // namespace understory::tui
