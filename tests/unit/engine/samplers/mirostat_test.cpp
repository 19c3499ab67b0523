#include "daemon/engine/samplers/mirostat.h"

#include "daemon/engine/random.h"
#include "tests/unit/engine/samplers/sampler_fixture.h"

using namespace understory::engine;
using namespace understory::engine::testing;

TEST_CASE("Mirostat keeps what surprises by no more than mu bits", "[unit]") {
  const Mirostat mirostat({.tau = 1, .eta = 0.5f});
  CHECK(mirostat.first_mu() == 2);
  Distribution d = whole();  // surprises 1.32, 1.74, 2.32, 3.32 bits
  REQUIRE(mirostat.apply(d, 2));
  check(d, {{3, 4.0 / 7}, {1, 3.0 / 7}});
  CHECK(d.kept == Approx(0.7));
  d = whole();
  REQUIRE(mirostat.apply(d, 4));
  CHECK(d.tokens.size() == 4);
  d = whole();
  REQUIRE(mirostat.apply(d, -3));
  check(d, {{3, 1}});  // the likeliest always stays
}

TEST_CASE("Mirostat's bound moves against the surprise", "[unit]") {
  const Mirostat mirostat({.tau = 3, .eta = 0.5f});
  CHECK(mirostat.next_mu(6, 5) == 5);
  CHECK(mirostat.next_mu(6, 1) == 7);
  CHECK(mirostat.next_mu(6, 3) == 6);
}

TEST_CASE("A partial list decides mirostat where its end is below the bound", "[unit]") {
  const Mirostat mirostat({.tau = 1, .eta = 0.1f});
  Distribution d = partial();  // 1.32, 1.74 bits
  CHECK_FALSE(mirostat.apply(d, 2));
  REQUIRE(mirostat.apply(d, 1.5));
  check(d, {{3, 1}});
}

TEST_CASE("Mirostat holds the mean surprise at its target", "[unit]") {
  std::vector<understory::model::Candidate> zipf;
  for (std::uint32_t i = 0; i < 2000; ++i) zipf.push_back({i, -1.1f * std::log(i + 1.0f)});
  const Distribution all = to_distribution(zipf, log_sum_exp(zipf), true);
  for (const float tau : {3.0f, 4.0f, 5.5f}) {
    const Mirostat mirostat({.tau = tau, .eta = 0.1f});
    double mu = mirostat.first_mu();
    double sum = 0;
    const int n = 3000;
    for (int i = 0; i < n; ++i) {
      Distribution d = all;
      REQUIRE(mirostat.apply(d, mu));
      const auto token = *d.pick(random_unit(5, static_cast<std::uint64_t>(i)));
      const double surprise = -std::log2(all.tokens[token].probability);
      mu = mirostat.next_mu(mu, surprise);
      sum += surprise;
    }
    CHECK(sum / n == Approx(tau).margin(0.1));
  }
}
