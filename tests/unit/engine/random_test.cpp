#include "daemon/engine/random.h"

#include <catch2/catch.hpp>

using namespace understory::engine;

TEST_CASE("Random numbers are SplitMix64's, on every machine", "[unit]") {
  // The generator's well-known first outputs for seed 1234567.
  CHECK(random_bits(1234567, 0) == 6457827717110365317u);
  CHECK(random_bits(1234567, 1) == 3203168211198807973u);
  CHECK(random_bits(1234567, 2) == 9817491932198370423u);
  CHECK(random_bits(1234567, 3) == 4593380528125082431u);
}

TEST_CASE("Unit numbers fill [0, 1) evenly", "[unit]") {
  int counts[10] = {};
  for (int i = 0; i < 10000; ++i) {
    const double u = random_unit(42, i);
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    ++counts[static_cast<int>(u * 10)];
  }
  for (const int count : counts) CHECK(std::abs(count - 1000) < 150);  // 5 standard deviations
}
