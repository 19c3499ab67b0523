#include "daemon/engine/samplers/truncation.h"

#include <algorithm>

#include "daemon/engine/random.h"
#include "daemon/engine/samplers/temperature.h"
#include "tests/unit/engine/samplers/sampler_fixture.h"

using namespace understory::engine;
using namespace understory::engine::testing;
using understory::model::Candidate;

namespace {

template <class Stage>
Distribution after(const Stage& stage, Distribution d = whole()) {
  REQUIRE(stage.apply(d));
  return d;
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

TEST_CASE("A whole vocabulary has the order that comparing gives", "[unit]") {
  std::vector<understory::model::Candidate> candidates;
  for (std::uint32_t id = 0; id < 5000; ++id) {
    // Of both signs and zeros, many equal, some far from the others.
    const auto step = static_cast<float>(understory::engine::mix64(id) % 200) - 100;
    candidates.push_back({id, id % 7 == 0 ? -0.0f : step * (id % 50 == 3 ? 1e30f : 0.25f)});
  }
  const Distribution all = to_distribution(candidates, 0, true);
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& a, const auto& b) { return a.logit > b.logit; });
  REQUIRE(all.tokens.size() == candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i)
    REQUIRE(all.tokens[i].token == candidates[i].token);
}

TEST_CASE("pick walks the cumulative distribution", "[unit]") {
  const Distribution d = whole();
  CHECK(d.pick(0.0) == 3u);
  CHECK(d.pick(0.39) == 3u);
  CHECK(d.pick(0.41) == 1u);
  CHECK(d.pick(0.69) == 1u);
  CHECK(d.pick(0.71) == 0u);
  CHECK(d.pick(0.999999999) == 2u);
  CHECK(partial().pick(0.69) == 1u);
  CHECK_FALSE(partial().pick(0.71));
}

TEST_CASE("top_k keeps the k likeliest, renormalised", "[unit]") {
  check(after(TopK{2}), {{3, 4.0 / 7}, {1, 3.0 / 7}});
  CHECK(after(TopK{0}).tokens.size() == 4);
  CHECK(after(TopK{9}).tokens.size() == 4);
  CHECK(after(TopK{2}, partial()).complete);
  // More than the list has: what it holds is right only beside each other.
  CHECK_FALSE(after(TopK{3}, partial()).normalised);
}

TEST_CASE("top_p keeps the shortest head that reaches p", "[unit]") {
  check(after(TopP{0.65f}), {{3, 4.0 / 7}, {1, 3.0 / 7}});
  check(after(TopP{0.75f}), {{3, 4.0 / 9}, {1, 3.0 / 9}, {0, 2.0 / 9}});
  check(after(TopP{0.01f}), {{3, 1}});
  CHECK(after(TopP{1}).tokens.size() == 4);
  CHECK(after(TopP{0.69f}, partial()).complete);
  CHECK_FALSE(after(TopP{0.71f}, partial()).complete);
}

TEST_CASE("min_p keeps what is likely beside the likeliest", "[unit]") {
  const Distribution three = after(MinP{0.45f});  // bound 0.18
  check(three, {{3, 4.0 / 9}, {1, 3.0 / 9}, {0, 2.0 / 9}});
  check(after(MinP{1}, three), {{3, 1}});
  CHECK(after(MinP{0}).tokens.size() == 4);
  check(after(MinP{0.8f}, partial()), {{3, 1}});
  CHECK_FALSE(after(MinP{0.7f}, partial()).complete);
}

TEST_CASE("typical_p keeps the tokens of usual surprise", "[unit]") {
  // Entropy of 0.4 0.3 0.2 0.1: 1.2799 nats. Surprises 0.916, 1.204, 1.609, 2.303 are 0.364,
  // 0.076, 0.330 and 1.023 away from it: token 1 first, then 0, then 3, then 2.
  check(after(TypicalP{0.25f}), {{1, 1}});
  check(after(TypicalP{0.45f}), {{1, 0.6}, {0, 0.4}});
  check(after(TypicalP{0.8f}), {{3, 4.0 / 9}, {1, 3.0 / 9}, {0, 2.0 / 9}});
  CHECK(after(TypicalP{1}).tokens.size() == 4);
  Distribution d = partial();
  CHECK_FALSE(TypicalP{0.25f}.apply(d));
}

TEST_CASE("top_n_sigma keeps logits near the highest in units of their spread", "[unit]") {
  // Logits 3, 1, 1, -1 have the mean 1 and the standard deviation sqrt(2).
  const std::vector<Candidate> logits = {{0, 3}, {1, 1}, {2, 1}, {3, -1}};
  const Distribution d = to_distribution(logits, log_sum_exp(logits), true);
  check(after(TopNSigma{1.4f}, d), {{0, 1}});
  const double e2 = std::exp(2.0);
  check(after(TopNSigma{1.5f}, d), {{0, e2 / (e2 + 2)}, {1, 1 / (e2 + 2)}, {2, 1 / (e2 + 2)}});
  CHECK(after(TopNSigma{3}, d).tokens.size() == 4);
  CHECK(after(TopNSigma{0}, d).tokens.size() == 4);
  Distribution head = partial();
  CHECK_FALSE(TopNSigma{1}.apply(head));
  CHECK(TopNSigma{0}.apply(head));
}

TEST_CASE("XTC leaves only the least likely of the likely tokens", "[unit]") {
  check(after(Xtc{0.15f}), {{0, 2.0 / 3}, {2, 1.0 / 3}});
  check(after(Xtc{0.25f}), {{1, 0.5}, {0, 1.0 / 3}, {2, 1.0 / 6}});
  check(after(Xtc{0.35f}), {{3, 0.4}, {1, 0.3}, {0, 0.2}, {2, 0.1}});  // one alone stays
  check(after(Xtc{0}), {{2, 1}});
}

TEST_CASE("XTC on a partial list knows what share is left", "[unit]") {
  Distribution d = to_distribution(
      std::vector<Candidate>{{3, log_of(0.4)}, {1, log_of(0.3)}, {0, log_of(0.2)}}, 0, false);
  REQUIRE(Xtc{0.25f}.apply(d));
  check(d, {{1, 0.5}, {0, 1.0 / 3}});
  CHECK_FALSE(d.complete);
  d = partial();
  CHECK_FALSE(Xtc{0.25f}.apply(d));  // unseen ones may reach the threshold as well
}

TEST_CASE("Temperature raises probabilities to its inverse", "[unit]") {
  // Squares: 16 9 4 1.
  check(after(Temperature{0.5f}), {{3, 16.0 / 30}, {1, 9.0 / 30}, {0, 4.0 / 30}, {2, 1.0 / 30}});
  check(after(Temperature{0}), {{3, 1}});
  Distribution d = partial();
  CHECK_FALSE(Temperature{2}.apply(d));
  CHECK(Temperature{1}.apply(d));
  check(after(Temperature{0}, d), {{3, 1}});
}
