#include "daemon/engine/metrics.h"

#include <catch2/catch.hpp>

using namespace understory::engine;

TEST_CASE("Percentiles take the nearest rank", "[unit]") {
  std::deque<double> values;
  for (int i = 100; i >= 1; --i) values.push_back(i);
  const Percentiles p = percentiles_of(values);
  CHECK(p.p50_ms == 50);
  CHECK(p.p90_ms == 90);
  CHECK(p.p99_ms == 99);
  CHECK(percentiles_of({}).p99_ms == 0);
  CHECK(percentiles_of({7}).p50_ms == 7);
}

TEST_CASE("Latencies are of the last 256 completions", "[unit]") {
  Metrics metrics;
  for (int i = 0; i < 300; ++i) metrics.first_token(i < 44 ? 1e6 : 5);
  CHECK(metrics.snapshot().ttft.p99_ms == 5);
}
