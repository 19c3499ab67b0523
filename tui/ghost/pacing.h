// When to ask for a suggestion: after a pause that fits the writer's speed and the machine's.
#pragma once

#include <cstdint>

namespace understory::tui {

class Pacing {
 public:
  static constexpr int kShortestMs = 120;
  static constexpr int kLongestMs = 3000;

  void note_key(std::int64_t now_ms);
  void note_first_token(double ttft_ms);
  void note_taken() { rejections_ = 0; }
  void note_rejected() { ++rejections_; }

  /// How long no key must come. Slower where the machine is slow (asking costs it more), longer
  /// than the writer's usual gap between keys, doubled after five rejections in a row.
  int wait_ms() const;

 private:
  double gap_ms_ = 200;  // between keys while typing, smoothed
  double ttft_ms_ = 150;
  std::int64_t last_key_ms_ = 0;
  int rejections_ = 0;
};

}  // namespace understory::tui
