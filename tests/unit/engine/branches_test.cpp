#include <map>
#include <set>

#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

TEST_CASE("n branches share one prefill and differ in their first token", "[unit]") {
  Fixture f;
  CompletionParams params = request(std::string(50, 'p'), 5, 10);
  params.n = 16;
  const auto rows_before = f.model->n_rows_run();
  const CompletionResult result = f.complete(params);
  REQUIRE(result.branches.size() == 16);
  std::set<std::uint32_t> firsts;
  for (const Branch& branch : result.branches) {
    // The end of the text may be a branch's first token; it has no token to show then.
    firsts.insert(branch.tokens.empty() ? 257 : branch.tokens[0].id);
  }
  CHECK(firsts.size() == 16);
  CHECK(f.model->n_rows_run() - rows_before <= 50 + 16 * 10);
}

TEST_CASE("Each branch is what its seed gives alone", "[unit]") {
  Fixture f;
  for (const float temperature : {0.5f, 1.0f, 1.5f}) {
    CompletionParams params = request("The door opened and", 77, 10);
    params.n = 8;
    params.sampler.temperature = temperature;
    params.sampler.min_p = 0.02f;
    const CompletionResult together = f.complete(params);
    CHECK(together.branches[0].seed == 77);
    for (const Branch& branch : together.branches) {
      CHECK(branch.seed < (std::uint64_t{1} << 53));
      CompletionParams alone = params;
      alone.n = 1;
      alone.sampler.seed = branch.seed;
      const Branch again = f.complete(alone).branches[0];
      CHECK(again.text == branch.text);
      CHECK(again.seed == branch.seed);
      CHECK(again.mean_logprob == Approx(branch.mean_logprob).margin(1e-5));
    }
  }
}

TEST_CASE("A seed is drawn and reported where none is given", "[unit]") {
  Fixture f;
  CompletionParams params = request("abc");
  params.sampler.seed.reset();
  const Branch first = f.complete(params).branches[0];
  const Branch second = f.complete(params).branches[0];
  CHECK(first.seed != second.seed);
  params.sampler.seed = first.seed;
  CHECK(f.complete(params).branches[0].text == first.text);
}

TEST_CASE("Greedy branches begin with the likeliest tokens in order", "[unit]") {
  Fixture f({.logits = [](History history) {
    std::vector<float> logits(258, 0);
    logits['a'] = 5, logits['b'] = 4, logits['c'] = 3;
    if (history.size() > 1) logits['z'] = 9;
    return logits;
  }});
  CompletionParams params = request("x", 1, 3);
  params.n = 3;
  params.sampler.temperature = 0;
  CHECK(texts(f.complete(params)) == std::vector<std::string>{"azz", "bzz", "czz"});
}

TEST_CASE("First tokens come without replacement in the right proportions", "[unit]") {
  // p = 0.5, 0.3, 0.2: the second branch, given that the first took a, takes b with 0.6.
  Fixture f({.logits = [](History) {
    std::vector<float> logits(258, -100);
    logits['a'] = std::log(0.5f), logits['b'] = std::log(0.3f), logits['c'] = std::log(0.2f);
    return logits;
  }});
  std::map<std::string, int> counts;
  const int n_runs = 2000;
  for (int i = 0; i < n_runs; ++i) {
    CompletionParams params = request("x", 1000 + i, 1);
    params.n = 2;
    const auto both = texts(f.complete(params));
    ++counts[both[0] + both[1]];
  }
  const std::map<std::string, double> expected = {{"ab", .5 * .6},    {"ac", .5 * .4},
                                                  {"ba", .3 * 5 / 7}, {"bc", .3 * 2 / 7},
                                                  {"ca", .2 * 5 / 8}, {"cb", .2 * 3 / 8}};
  REQUIRE(counts.size() == expected.size());
  for (const auto& [pair, p] : expected) {
    INFO(pair);
    CHECK(std::abs(counts[pair] - n_runs * p) < 5 * std::sqrt(n_runs * p * (1 - p)));
  }
}

TEST_CASE("Branches beyond the choices there are begin alike and go on", "[unit]") {
  Fixture f({.logits = [](History) {
    std::vector<float> logits(258, -100);
    logits['a'] = 0;
    return logits;
  }});
  CompletionParams params = request("x", 1, 4);
  params.n = 3;
  params.sampler.min_p = 0.05f;
  CHECK(texts(f.complete(params)) == std::vector<std::string>{"aaaa", "aaaa", "aaaa"});
}

TEST_CASE("Chunks carry their branch", "[unit]") {
  Fixture f;
  CompletionParams params = request("abc", 9, 8);
  params.n = 4;
  auto listener = f.start(params);
  const auto result = listener->wait();
  REQUIRE(result.ok());
  for (std::uint32_t i = 0; i < 4; ++i) CHECK(listener->text(i) == result->branches[i].text);
}
