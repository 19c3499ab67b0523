#include "daemon/model/rope.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace understory::model;

namespace {

RopeConfig plain() {
  RopeConfig config;
  config.dim = 64;
  config.freq_base = 10000;
  return config;
}

RopeConfig yarn() {
  RopeConfig config = plain();
  config.dim = 128;
  config.context_factor = 4;
  config.yarn = true;
  config.original_context = 4096;
  return config;
}

}  // namespace

TEST_CASE("RoPE rows hold cos and sin of position times frequency, pair by pair", "[unit]") {
  RopeTable table(plain());
  const auto row = table.row(1000);
  REQUIRE(row.size() == 64);
  for (const int pair : {0, 1, 17, 31}) {
    const double angle = 1000 * std::pow(10000.0, -pair / 32.0);
    CHECK(row[2 * pair] == Approx(std::cos(angle)).margin(1e-6));
    CHECK(row[2 * pair + 1] == Approx(std::sin(angle)).margin(1e-6));
  }
  const auto first = table.row(0);
  CHECK(first[10] == 1.0f);
  CHECK(first[11] == 0.0f);
}

TEST_CASE("Linear scaling divides positions, frequency factors divide each pair", "[unit]") {
  RopeConfig config = plain();
  const auto base = rope_frequencies(config);
  config.context_factor = 8;
  CHECK(rope_frequencies(config)[3] == Approx(base[3] / 8));
  CHECK(rope_magnitude(config) == 1);
  config.freq_factors.assign(32, 1.0f);
  config.freq_factors[5] = 32.0f;
  CHECK(rope_frequencies(config)[4] == Approx(base[4] / 8));
  CHECK(rope_frequencies(config)[5] == Approx(base[5] / 8 / 32));
}

TEST_CASE("YaRN keeps fast pairs, interpolates slow ones and ramps between", "[unit]") {
  RopeConfig unscaled = yarn();
  unscaled.yarn = false;
  unscaled.context_factor = 1;
  const auto base = rope_frequencies(unscaled);
  const auto scaled = rope_frequencies(yarn());
  // By hand: 32 turns over 4096 positions are at pair 20.9, one turn at pair 45.03.
  CHECK(scaled[0] == Approx(base[0]));
  CHECK(scaled[20] == Approx(base[20]));
  CHECK(scaled[46] == Approx(base[46] / 4));
  CHECK(scaled[63] == Approx(base[63] / 4));
  const double share = 1 - (33 - 20.0) / (46 - 20.0);
  CHECK(scaled[33] == Approx(base[33] / 4 * (1 - share) + base[33] * share));
}

TEST_CASE("YaRN and the attention factor stretch cos and sin", "[unit]") {
  RopeConfig config = yarn();
  config.attention_factor = 1.5;
  const double wanted = 1.5 * (1 + 0.1 * std::log(4.0));
  CHECK(rope_magnitude(config) == Approx(wanted));
  RopeTable table(config);
  CHECK(table.row(0)[0] == Approx(wanted));
}
