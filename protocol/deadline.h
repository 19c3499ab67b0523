// Private to the client side: how long to go on waiting.
#pragma once

#include <chrono>
#include <optional>

namespace understory::protocol {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  /// A negative timeout is none.
  explicit Deadline(int timeout_ms) {
    if (timeout_ms >= 0) at_ = Clock::now() + std::chrono::milliseconds(timeout_ms);
  }
  /// For poll(): -1 waits forever.
  int left_ms() const {
    if (!at_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*at_ - Clock::now()).count();
    return left > 0 ? static_cast<int>(left) : 0;
  }

 private:
  std::optional<Clock::time_point> at_;
};

}  // namespace understory::protocol
