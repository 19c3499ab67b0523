#include "daemon/engine/prefill_pace.h"

#include <catch2/catch.hpp>

using namespace understory::engine;

namespace {

/// Steps of the size that the pace asks for, on a device where a step of n rows takes
/// `fixed_ms` + n * `row_ms`.
std::uint32_t settle(PrefillPace& pace, double fixed_ms, double row_ms) {
  for (int i = 0; i < 20; ++i) {
    const std::uint32_t rows = pace.rows(0);
    pace.note(rows, std::chrono::duration<double, std::milli>(fixed_ms + rows * row_ms));
  }
  return pace.rows(0);
}

}  // namespace

TEST_CASE("A prefill chunk grows as far as a step stays short", "[unit]") {
  PrefillPace fast(512), middling(512), slow(512), overhead(512);
  CHECK(fast.rows(0) == PrefillPace::kMinRows);  // nothing is known yet
  CHECK(settle(fast, 0.5, 0.01) == 512);
  CHECK(settle(middling, 0, 1) == 32);  // 32 ms; 64 would be beyond the target
  CHECK(settle(slow, 2, 40) == PrefillPace::kMinRows);
  CHECK(settle(overhead, 10, 0.3) == 64);  // 29 ms: a fixed part errs to the short side
}

TEST_CASE("A prefill chunk shrinks beside decode rows and when the device slows down", "[unit]") {
  PrefillPace pace(512);
  CHECK(settle(pace, 0, 0.7) == 64);
  CHECK(pace.rows(30) == 32);
  CHECK(pace.rows(70) == PrefillPace::kMinRows);
  pace.note(64, std::chrono::seconds(5));  // a hiccup says nothing about the rows
  CHECK(pace.rows(0) == 64);
  CHECK(settle(pace, 0, 5) == PrefillPace::kMinRows);
  CHECK(settle(pace, 0, 0.7) == 64);
}

TEST_CASE("A short step says nothing, and a small model has small chunks", "[unit]") {
  PrefillPace pace(12);
  pace.note(1, std::chrono::seconds(1));
  CHECK(pace.rows(0) == PrefillPace::kMinRows);
  pace.note(8, std::chrono::microseconds(8));
  CHECK(pace.rows(0) == 12);
  CHECK(PrefillPace(3).rows(0) == 3);
}
