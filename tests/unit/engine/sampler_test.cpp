#include "daemon/engine/sampler.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "daemon/engine/random.h"

using namespace understory::engine;
using understory::model::Candidate;

namespace {

/// Probabilities 0.4, 0.3, 0.2, 0.1 of tokens 3, 1, 0, 2, given out of order.
std::vector<Candidate> four() {
  const auto log = [](double p) { return static_cast<float>(std::log(p)); };
  return {{0, log(0.2)}, {1, log(0.3)}, {2, log(0.1)}, {3, log(0.4)}};
}

Distribution whole() {
  return to_distribution(four(), 0, true);
}

void check(const Distribution& d, std::vector<Weighted> expected) {
  REQUIRE(d.tokens.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(d.tokens[i].token == expected[i].token);
    CHECK(d.tokens[i].probability == Approx(expected[i].probability).margin(1e-6));
  }
}

SamplerParams neutral() {
  SamplerParams params;
  params.min_p = 0;
  return params;
}

}  // namespace

TEST_CASE("A distribution is the softmax, likeliest first, ties to the lower id", "[unit]") {
  check(whole(), {{3, 0.4}, {1, 0.3}, {0, 0.2}, {2, 0.1}});
  const std::vector<Candidate> tied = {{9, 1.f}, {4, 1.f}, {7, 2.f}};
  const Distribution d = to_distribution(tied, log_sum_exp(tied), true);
  CHECK(d.tokens[0].token == 7);
  CHECK(d.tokens[1].token == 4);
  CHECK(d.tokens[2].token == 9);
  CHECK(d.tokens[0].probability == Approx(std::exp(1.0) / (std::exp(1.0) + 2)));
}

TEST_CASE("top_k keeps the k likeliest, renormalised", "[unit]") {
  Distribution d = whole();
  apply_top_k(d, 2);
  check(d, {{3, 4.0 / 7}, {1, 3.0 / 7}});
  apply_top_k(d, 0);
  CHECK(d.tokens.size() == 2);
  apply_top_k(d, 9);
  CHECK(d.tokens.size() == 2);
}

TEST_CASE("top_p keeps the shortest head that reaches p", "[unit]") {
  Distribution d = whole();
  apply_top_p(d, 0.65f);
  check(d, {{3, 4.0 / 7}, {1, 3.0 / 7}});
  d = whole();
  apply_top_p(d, 0.75f);
  check(d, {{3, 4.0 / 9}, {1, 3.0 / 9}, {0, 2.0 / 9}});
  d = whole();
  apply_top_p(d, 0.01f);
  check(d, {{3, 1}});
  d = whole();
  apply_top_p(d, 1);
  CHECK(d.tokens.size() == 4);
}

TEST_CASE("min_p keeps what is likely beside the likeliest", "[unit]") {
  Distribution d = whole();
  apply_min_p(d, 0.45f);  // bound 0.18
  check(d, {{3, 4.0 / 9}, {1, 3.0 / 9}, {0, 2.0 / 9}});
  apply_min_p(d, 1);
  check(d, {{3, 1}});
  d = whole();
  apply_min_p(d, 0);
  CHECK(d.tokens.size() == 4);
}

TEST_CASE("Temperature raises probabilities to its inverse", "[unit]") {
  Distribution d = whole();
  apply_temperature(d, 0.5f);  // squares: 16 9 4 1
  check(d, {{3, 16.0 / 30}, {1, 9.0 / 30}, {0, 4.0 / 30}, {2, 1.0 / 30}});
  d = whole();
  apply_temperature(d, 0);
  check(d, {{3, 1}});
}

TEST_CASE("Truncation comes before temperature", "[unit]") {
  SamplerParams params = neutral();
  params.min_p = 0.45f;
  params.temperature = 0.5f;
  const auto d = shape(whole(), params);
  REQUIRE(d);
  check(*d, {{3, 16.0 / 29}, {1, 9.0 / 29}, {0, 4.0 / 29}});
}

TEST_CASE("A partial list decides exactly where the cut falls inside it", "[unit]") {
  const std::vector<Candidate> all = four();
  const std::vector<Candidate> top = {all[3], all[1]};  // 0.4 and 0.3 of the whole
  const Distribution partial = to_distribution(top, 0, false);
  const auto decide = [&](SamplerParams params) { return shape(partial, params); };

  SamplerParams params = neutral();
  params.top_k = 2;
  REQUIRE(decide(params));
  check(*decide(params), {{3, 4.0 / 7}, {1, 3.0 / 7}});
  params.top_k = 3;
  CHECK_FALSE(decide(params));

  params = neutral();
  params.top_p = 0.69f;
  CHECK(decide(params));
  params.top_p = 0.71f;
  CHECK_FALSE(decide(params));

  params = neutral();
  params.min_p = 0.8f;
  REQUIRE(decide(params));
  check(*decide(params), {{3, 1}});
  params.min_p = 0.7f;  // both pass, and so might unseen ones
  CHECK_FALSE(decide(params));

  params = neutral();
  params.temperature = 2;
  CHECK_FALSE(decide(params));
  params.temperature = 0;
  CHECK(decide(params));
}

TEST_CASE("A partial list agrees with the whole one wherever it decides", "[unit]") {
  int decided = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    std::vector<Candidate> all;
    for (std::uint32_t id = 0; id < 60; ++id)
      all.push_back({id, static_cast<float>(8 * random_unit(seed, id))});
    const double lse = log_sum_exp(all);
    SamplerParams params;
    params.top_k = random_bits(seed, 100) % 3 ? 0 : 1 + random_bits(seed, 101) % 30;
    params.top_p = random_bits(seed, 102) % 2 ? 1 : 0.05f + 0.9f * random_unit(seed, 103);
    params.min_p = random_bits(seed, 104) % 2 ? 0 : static_cast<float>(random_unit(seed, 105));
    params.temperature = static_cast<float>(0.3 + 2 * random_unit(seed, 106));
    const auto full = shape(to_distribution(all, lse, true), params);
    auto head = all;
    std::sort(head.begin(), head.end(), [](auto& a, auto& b) { return a.logit > b.logit; });
    head.resize(20);
    const auto partial = shape(to_distribution(head, lse, false), params);
    REQUIRE(full);
    if (!partial) continue;
    ++decided;
    check(*partial, full->tokens);
  }
  CHECK(decided > 100);
  CHECK(decided < 400);
}

TEST_CASE("pick walks the cumulative distribution", "[unit]") {
  const Distribution d = whole();
  CHECK(d.pick(0.0) == 3u);
  CHECK(d.pick(0.39) == 3u);
  CHECK(d.pick(0.41) == 1u);
  CHECK(d.pick(0.69) == 1u);
  CHECK(d.pick(0.71) == 0u);
  CHECK(d.pick(0.999999999) == 2u);
  const std::vector<Candidate> all = four();
  const Distribution partial = to_distribution(std::vector<Candidate>{all[3], all[1]}, 0, false);
  CHECK(partial.pick(0.69) == 1u);
  CHECK_FALSE(partial.pick(0.71));
}
