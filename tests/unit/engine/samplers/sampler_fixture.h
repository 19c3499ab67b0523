// Small distributions with names, and what the tests of the stages check.
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "daemon/engine/samplers/distribution.h"

namespace understory::engine::testing {

inline float log_of(double p) {
  return static_cast<float>(std::log(p));
}

/// Probabilities 0.4, 0.3, 0.2, 0.1 of tokens 3, 1, 0, 2, given out of order.
inline std::vector<model::Candidate> four() {
  return {{0, log_of(0.2)}, {1, log_of(0.3)}, {2, log_of(0.1)}, {3, log_of(0.4)}};
}

inline Distribution whole() {
  return to_distribution(four(), 0, true);
}

/// The two likeliest of them, 0.4 and 0.3.
inline Distribution partial() {
  const std::vector<model::Candidate> all = four();
  return to_distribution(std::vector<model::Candidate>{all[3], all[1]}, 0, false);
}

inline void check(const Distribution& d, const std::vector<Weighted>& expected) {
  REQUIRE(d.tokens.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(d.tokens[i].token == expected[i].token);
    CHECK(d.tokens[i].probability == Approx(expected[i].probability).margin(1e-6));
  }
}

}  // namespace understory::engine::testing
