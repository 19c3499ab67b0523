// Counters and recent latencies, for `status`. Any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>

#include "daemon/engine/engine.h"

namespace understory::engine {

/// The p50, p90 and p99 of values in any order; zeros where there are none. Nearest rank.
Percentiles percentiles_of(std::deque<double> values_ms);

class Metrics {
 public:
  /// A completion got its first token.
  void first_token(double ttft_ms);
  /// A request ended; timings of what it did.
  void ended(bool cancelled, const Timings& timings, std::uint64_t n_decoded);
  /// A token was thought of while idle.
  void prefetched();
  /// The KV cache as it is now.
  void set_kv(std::uint32_t total, std::uint32_t used, std::uint32_t cached,
              std::uint64_t evictions);

  /// All but `active` and `queued`.
  EngineStatus snapshot() const;

 private:
  struct Decode {
    double tokens = 0;
    double seconds = 0;
  };
  mutable std::mutex mutex_;
  EngineStatus totals_;
  std::deque<double> ttft_ms_;
  std::deque<Decode> decodes_;
};

}  // namespace understory::engine
