// Where branches end: confidence, time, the text after the cursor.
#include <cmath>

#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

/// Logits that make the probabilities of a, b and c those given, of everything else nearly 0.
std::vector<float> odds(double a, double b, double c) {
  std::vector<float> logits(259, -100);
  logits['a'] = static_cast<float>(std::log(a));
  logits['b'] = static_cast<float>(std::log(b));
  logits['c'] = static_cast<float>(std::log(c));
  return logits;
}

/// Certain for three tokens, then 0.5, 0.3, 0.2.
std::vector<float> three_sure_tokens(History history) {
  return history.size() < 4 ? odds(0.98, 0.01, 0.01) : odds(0.5, 0.3, 0.2);
}

Branch greedy(Fixture& f, float min_probability, float min_margin) {
  CompletionParams params = request("x", 1, 6);
  params.sampler.temperature = 0;
  params.stop.min_probability = min_probability;
  params.stop.min_margin = min_margin;
  return f.complete(params).branches[0];
}

}  // namespace

TEST_CASE("A branch ends before a token that is too unlikely", "[unit]") {
  Fixture f({.logits = three_sure_tokens});
  CHECK(greedy(f, 0.49f, 0).text == "aaaaaa");
  const Branch unsure = greedy(f, 0.51f, 0);
  CHECK(unsure.text == "aaa");
  CHECK(unsure.finish_reason == FinishReason::kConfidence);
  CHECK(unsure.tokens.size() == 3);
}

TEST_CASE("A branch ends where the two likeliest tokens are close", "[unit]") {
  Fixture f({.logits = three_sure_tokens});
  CHECK(greedy(f, 0, 0.19f).text == "aaaaaa");
  const Branch unsure = greedy(f, 0, 0.21f);
  CHECK(unsure.text == "aaa");
  CHECK(unsure.finish_reason == FinishReason::kConfidence);
}

TEST_CASE("Confidence while healing is judged among the tokens that fit", "[unit]") {
  // The model would write "x"; what was typed leaves "ab" and "ac", three to one.
  Fixture f({.logits =
                 [](History) {
                   std::vector<float> logits(260, -100);
                   logits['x'] = 10;
                   logits[256] = std::log(3.0f);
                   logits[257] = 0;
                   return logits;
                 }},
            {"ab", "ac"});
  CompletionParams params = request(" a", 1, 1);
  params.healing = true;
  params.sampler.temperature = 0;
  params.stop.min_probability = 0.74f;
  params.stop.min_margin = 0.49f;
  CHECK(f.complete(params).branches[0].text == "b");
  params.stop.min_probability = 0.76f;
  CHECK(f.complete(params).branches[0].finish_reason == FinishReason::kConfidence);
  params.stop.min_probability = 0;
  params.stop.min_margin = 0.51f;
  CHECK(f.complete(params).branches[0].finish_reason == FinishReason::kConfidence);
}

TEST_CASE("The time budget ends a request with what it has", "[unit]") {
  Fixture f({.context = 4096, .n_blocks = 600});
  CompletionParams params = request("abc", 1, 4000);
  params.n = 3;
  params.stop.time_budget_ms = 40;
  // Each step takes a millisecond or more, so that the budget ends before the tokens do.
  f.model->on_forward = [](const model::Batch&) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
    while (std::chrono::steady_clock::now() < until) {
    }
    return Status();
  };
  const CompletionResult result = f.complete(params);
  bool ended_by_time = false;
  for (const Branch& branch : result.branches) {
    const bool by_time = branch.finish_reason == FinishReason::kTime;
    CHECK((by_time || branch.finish_reason == FinishReason::kEndOfText));
    ended_by_time |= by_time && !branch.text.empty();
  }
  CHECK(ended_by_time);
  CHECK(f.engine->status().cancelled == 0);
}

TEST_CASE("A request whose time is over before it begins is answered empty", "[unit]") {
  Gate gate;
  Fixture f({.max_sequences = 1});
  f.model->on_forward = [&](const model::Batch&) {
    gate.pass();
    return Status();
  };
  gate.close();
  auto first = f.start(request("abc", 1, 5));
  gate.wait_arrived(1);
  CompletionParams params = request("def", 1, 5);
  params.stop.time_budget_ms = 1;
  const auto submitted = std::chrono::steady_clock::now();
  auto late = f.start(params);
  while (std::chrono::steady_clock::now() < submitted + std::chrono::milliseconds(2)) {
  }
  gate.open();
  const auto result = late->wait();
  REQUIRE(result.ok());
  CHECK(result->branches[0].text.empty());
  CHECK(result->branches[0].finish_reason == FinishReason::kTime);
  CHECK(first->wait().ok());
}
