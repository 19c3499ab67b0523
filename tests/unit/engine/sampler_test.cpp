#include "daemon/engine/sampler.h"

#include <algorithm>

#include "daemon/engine/next_token.h"
#include "daemon/engine/random.h"
#include "tests/unit/engine/fake_model.h"
#include "tests/unit/engine/fake_tokenizer.h"
#include "tests/unit/engine/samplers/sampler_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;
using understory::model::Candidate;

namespace {

SamplerParams neutral() {
  SamplerParams params;
  params.min_p = 0;
  return params;
}

std::optional<Distribution> shape(Distribution d, const SamplerParams& params,
                                  bool with_xtc = false) {
  const FakeTokenizer tokenizer;
  return Sampler(params, tokenizer).shape(std::move(d), with_xtc, 0);
}

}  // namespace

TEST_CASE("Truncation comes before temperature", "[unit]") {
  SamplerParams params = neutral();
  params.min_p = 0.45f;
  params.temperature = 0.5f;
  const auto d = shape(whole(), params);
  REQUIRE(d);
  check(*d, {{3, 16.0 / 29}, {1, 9.0 / 29}, {0, 4.0 / 29}});
}

TEST_CASE("Each stage judges what the one before it left", "[unit]") {
  SamplerParams params = neutral();
  params.top_k = 3;     // 4/9 3/9 2/9
  params.top_p = 0.7f;  // the first two reach it, as they do not of the whole
  params.xtc.threshold = 0.4f;
  auto d = shape(whole(), params);
  REQUIRE(d);
  check(*d, {{3, 4.0 / 7}, {1, 3.0 / 7}});
  d = shape(whole(), params, true);  // both are above 0.4 now
  REQUIRE(d);
  check(*d, {{1, 1}});
}

TEST_CASE("With mirostat the other truncations do nothing", "[unit]") {
  SamplerParams params = neutral();
  params.top_k = 1;
  params.mirostat.tau = 1;
  const FakeTokenizer tokenizer;
  const auto d = Sampler(params, tokenizer).shape(whole(), true, 2);
  REQUIRE(d);
  check(*d, {{3, 4.0 / 7}, {1, 3.0 / 7}});
}

TEST_CASE("A partial list decides exactly where the cut falls inside it", "[unit]") {
  const auto decide = [&](SamplerParams params) { return shape(partial(), params); };

  SamplerParams params = neutral();
  params.top_k = 2;
  REQUIRE(decide(params));
  check(*decide(params), {{3, 4.0 / 7}, {1, 3.0 / 7}});
  params.top_k = 3;
  CHECK_FALSE(decide(params));
  params.min_p = 0.8f;  // whatever top_k left unseen
  CHECK(decide(params));

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
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto maybe = [&](std::uint64_t index, double low, double high, double off) {
      return static_cast<float>(
          random_bits(seed, 200 + index) % 3 ? off : low + (high - low) * random_unit(seed, index));
    };
    std::vector<Candidate> all;
    for (std::uint32_t id = 0; id < 60; ++id)
      all.push_back({id, static_cast<float>(8 * random_unit(seed, id)) - 4});
    SamplerParams params;
    params.top_k = static_cast<std::uint32_t>(maybe(101, 1, 30, 0));
    params.top_p = maybe(103, 0.05, 0.95, 1);
    params.min_p = maybe(105, 0.05, 1, 0);
    params.temperature = maybe(106, 0.3, 2.3, 1);
    params.xtc.threshold = maybe(107, 0.05, 0.3, 0.1);
    params.top_n_sigma = random_bits(seed, 108) % 8 ? 0 : 1;
    params.typical_p = random_bits(seed, 109) % 8 ? 1 : 0.6f;
    params.mirostat.tau = random_bits(seed, 110) % 4 ? 0 : 2;
    const bool with_xtc = random_bits(seed, 111) % 2;
    LogitEdits edits;
    for (std::uint32_t i = 0; i < random_bits(seed, 120) % 6; ++i) {
      LogitEdit& edit = edits.at(random_bits(seed, 121 + i) % 60);
      edit.bias = maybe(131 + i, -3, 3, 0);
      edit.repeat = maybe(141 + i, 0.5, 2, 1);
      edit.subtract = maybe(151 + i, -1, 3, 0);
      edit.forbidden = random_bits(seed, 161 + i) % 4 == 0;
    }

    const FakeTokenizer tokenizer;
    const Sampler sampler(params, tokenizer);
    const auto full = sampler.shape(edits.of_all(all), with_xtc, 3);
    REQUIRE(full);
    model::TopLogits top{all, static_cast<float>(log_sum_exp(all))};
    std::sort(top.candidates.begin(), top.candidates.end(),
              [](auto& a, auto& b) { return a.logit > b.logit; });
    top.candidates.resize(20);
    const auto part = sampler.shape(edits.of_top(top), with_xtc, 3);
    if (!part) continue;
    ++decided;
    INFO(seed);
    REQUIRE(part->tokens.size() <= full->tokens.size());
    if (part->complete) REQUIRE(part->tokens.size() == full->tokens.size());
    for (std::size_t i = 0; i < part->tokens.size(); ++i) {
      CHECK(part->tokens[i].token == full->tokens[i].token);
      CHECK(part->tokens[i].probability == Approx(full->tokens[i].probability).margin(1e-5));
    }
  }
  CHECK(decided > 300);
  CHECK(decided < 900);
}

TEST_CASE("Usual draws read the likeliest tokens alone, and never wrongly", "[unit]") {
  // 3000 tokens; the device hands over 256.
  constexpr std::uint32_t kVocabulary = 3000;
  struct Counting : FakeModel {
    using FakeModel::FakeModel;
    void logits(std::uint32_t i, std::span<float> out) override {
      ++n_full;
      FakeModel::logits(i, out);
    }
    int n_full = 0;
  } model({.vocab_size = kVocabulary, .logits = [](History) {
             std::vector<float> logits(kVocabulary);
             for (std::uint32_t i = 0; i < kVocabulary; ++i)
               logits[i] = 12 - 2.5f * std::log(1.0f + (i * 7 % kVocabulary));
             return logits;
           }});
  const std::vector<std::uint32_t> block = {0};
  const std::vector<std::span<const std::uint32_t>> tables = {block};
  const std::vector<model::BatchRow> rows = {{1, 0, 0, true}};
  REQUIRE(model.forward({rows, tables}).ok());
  const FakeTokenizer tokenizer(std::vector<std::string>(kVocabulary - 258, "x"));

  const auto draw = [&](const SamplerParams& params, std::vector<std::uint32_t> history) {
    LogitsView view(model, 0);
    const Sampler sampler(params, tokenizer);
    NextToken next(view, sampler, history);
    return next.pick({77, 0})->token;
  };
  SamplerParams params;
  draw(params, {});
  params.penalties = {.repeat = 1.3f, .frequency = 0.2f, .window = 64};
  draw(params, {0, 1, 2, 2999, 1500});  // some in the list, some not
  params.xtc.probability = 1;
  draw(params, {0, 1, 2, 2999, 1500});
  params.temperature = 0;
  draw(params, {0, 1, 2, 2999, 1500});
  CHECK(model.n_full == 0);

  // An unseen token may have been raised above all that was seen.
  params = {};
  params.logit_bias = {{2000, "", 30}};
  CHECK(draw(params, {}) == 2000);
  CHECK(model.n_full == 1);
  params.temperature = 0;
  CHECK(draw(params, {}) == 2000);
  // All that was seen is lowered below what was not.
  params = {};
  params.temperature = 0;
  std::vector<std::uint32_t> head;
  for (std::uint32_t i = 0; i < kVocabulary; ++i)
    if (i * 7 % kVocabulary < 300) head.push_back(i);
  params.penalties = {.frequency = 10, .presence = 10, .window = 512};
  CHECK(draw(params, head) * 7 % kVocabulary == 300);
}

TEST_CASE("XTC strikes by a coin of its own for each draw", "[unit]") {
  SamplerParams params;
  params.xtc.probability = 0.25f;
  const FakeTokenizer tokenizer;
  const Sampler sampler(params, tokenizer);
  int n = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) n += sampler.xtc_strikes({9, i});
  CHECK(std::abs(n - 1000) < 5 * std::sqrt(4000 * 0.25 * 0.75));
  CHECK(Draw{9, 4}.position() == random_unit(9, 4));
  CHECK(Draw{9, 4}.xtc_coin() != Draw{9, 4}.position());
}
