#include "daemon/engine/metrics.h"

#include <algorithm>
#include <cmath>

namespace understory::engine {
namespace {

constexpr std::size_t kRecentLatencies = 256;
constexpr std::size_t kRecentDecodes = 32;

template <class T>
void push_bounded(std::deque<T>& values, T value, std::size_t bound) {
  values.push_back(value);
  if (values.size() > bound) values.pop_front();
}

}  // namespace

Percentiles percentiles_of(std::deque<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * values.size()));
    return values[std::max<std::size_t>(rank, 1) - 1];
  };
  return {at(0.50), at(0.90), at(0.99)};
}

void Metrics::first_token(double ttft_ms) {
  std::lock_guard lock(mutex_);
  push_bounded(ttft_ms_, ttft_ms, kRecentLatencies);
}

void Metrics::ended(bool cancelled, const Timings& timings, std::uint64_t n_decoded) {
  std::lock_guard lock(mutex_);
  ++(cancelled ? totals_.cancelled : totals_.completed);
  totals_.prompt_tokens += timings.prompt_tokens;
  totals_.cached_tokens += timings.cached_tokens;
  totals_.decoded_tokens += n_decoded;
  if (timings.decode_ms > 0 && timings.decode_tok_s > 0) {
    const double seconds = timings.decode_ms / 1000;
    push_bounded(decodes_, Decode{timings.decode_tok_s * seconds, seconds}, kRecentDecodes);
  }
}

void Metrics::prefetched() {
  std::lock_guard lock(mutex_);
  ++totals_.prefetched_tokens;
}

void Metrics::set_kv(std::uint32_t total, std::uint32_t used, std::uint32_t cached,
                     std::uint64_t evictions) {
  std::lock_guard lock(mutex_);
  totals_.kv_blocks_total = total;
  totals_.kv_blocks_used = used;
  totals_.kv_blocks_cached = cached;
  totals_.kv_evictions = evictions;
}

EngineStatus Metrics::snapshot() const {
  std::lock_guard lock(mutex_);
  EngineStatus status = totals_;
  status.ttft = percentiles_of(ttft_ms_);
  Decode sum;
  for (const Decode& d : decodes_) sum = {sum.tokens + d.tokens, sum.seconds + d.seconds};
  status.decode_tok_s = sum.seconds > 0 ? sum.tokens / sum.seconds : 0;
  return status;
}

}  // namespace understory::engine
