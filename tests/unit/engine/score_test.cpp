#include <cmath>

#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

ScoreResult score(Fixture& f, std::string text, std::uint32_t top = 0) {
  auto listener = std::make_shared<ScoreCollector>();
  REQUIRE(f.engine->score(1, {std::move(text), top}, listener).ok());
  auto result = listener->wait();
  REQUIRE(result.ok());
  return *result;
}

double naive_logprob(const Fixture& f, const std::vector<std::uint32_t>& history,
                     std::uint32_t token) {
  const auto logits = f.model->logits_after(history);
  double total = 0;
  for (const float logit : logits) total += std::exp(logit);
  return logits[token] - std::log(total);
}

}  // namespace

TEST_CASE("Scores are the log-probabilities of each token after all before it", "[unit]") {
  for (const bool with_bos : {false, true}) {
    Fixture f({.max_rows = 16}, {"the", " cat"}, with_bos);
    const std::string text = "the cat sat on the mat\xE2\x80\x94twice, as the cat does";
    const auto tokens = f.tokenizer->encode(text);
    const ScoreResult result = score(f, text, 2);
    REQUIRE(result.tokens.size() == tokens.size());
    std::string joined;
    std::vector<std::uint32_t> history = {*f.tokenizer->bos()};
    double nats = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      CHECK(result.tokens[i].id == tokens[i]);
      CHECK(result.tokens[i].byte_offset == joined.size());
      const double expected = naive_logprob(f, history, tokens[i]);
      CHECK(result.tokens[i].logprob == Approx(expected).margin(1e-4));
      CHECK(result.tokens[i].top.size() == 2);
      nats -= expected;
      joined += result.tokens[i].text;
      if (i == 0 && !with_bos) history.clear();  // without BOS a text begins with its own token
      history.push_back(tokens[i]);
    }
    CHECK(joined == text);
    CHECK(result.bytes == text.size());
    CHECK(result.nats == Approx(nats).margin(1e-3));
  }
}

TEST_CASE("A text longer than the context is scored in overlapping windows", "[unit]") {
  for (const bool with_bos : {false, true}) {
    Fixture f({.context = 64}, {}, with_bos);
    std::string text;
    for (int i = 0; i < 300; ++i) text += static_cast<char>('a' + i * 7 % 26);
    const auto tokens = f.tokenizer->encode(text);
    const ScoreResult result = score(f, text);
    REQUIRE(result.tokens.size() == tokens.size());
    for (std::size_t i = 100; i < tokens.size(); i += 17) {
      // Some window of at least half the context ends there.
      bool found = false;
      for (std::size_t begin = i - 64; begin <= i - 31; ++begin) {
        std::vector<std::uint32_t> history;
        if (with_bos) history.push_back(*f.tokenizer->bos());
        history.insert(history.end(), tokens.begin() + begin, tokens.begin() + i);
        if (history.size() > 64) continue;
        found |= std::abs(naive_logprob(f, history, tokens[i]) - result.tokens[i].logprob) < 1e-4;
      }
      INFO("token " << i);
      CHECK(found);
    }
  }
}

TEST_CASE("Scoring leaves nothing out for short texts", "[unit]") {
  Fixture f;
  CHECK(score(f, "").tokens.empty());
  CHECK(score(f, "a").tokens.size() == 1);
  CHECK(score(f, "ab").tokens.size() == 2);
}

TEST_CASE("Scores do not come from the cache of completions", "[unit]") {
  Fixture f;
  const std::string text = "a prefix that a completion has left in the cache";
  const ScoreResult cold = score(f, text);
  f.complete(request(text));
  const ScoreResult warm = score(f, text);
  CHECK(warm.nats == Approx(cold.nats));
}

TEST_CASE("A score is cancelled", "[unit]") {
  Fixture f;
  Gate gate;
  f.model->on_forward = [&](const model::Batch&) {
    gate.pass();
    return Status{};
  };
  gate.close();
  auto listener = std::make_shared<ScoreCollector>();
  const auto id = f.engine->score(1, {std::string(200, 'x'), 0}, listener);
  REQUIRE(id.ok());
  gate.wait_arrived(1);
  CHECK(f.engine->cancel(*id));
  gate.open();
  const auto result = listener->wait();
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == ErrorCode::kCancelled);
}

TEST_CASE("A completion does not wait for a score", "[unit]") {
  Fixture f({.context = 2048, .n_blocks = 512});
  Gate gate;
  f.model->on_forward = [&](const model::Batch&) {
    gate.pass();
    return Status{};
  };
  gate.close();
  auto listener = std::make_shared<ScoreCollector>();
  REQUIRE(f.engine->score(1, {std::string(2000, 'x'), 0}, listener).ok());
  gate.wait_arrived(1);
  auto completion = std::make_shared<TimedCollector>(gate);
  REQUIRE(f.engine->complete(2, request("hello", 1, 4), completion).ok());
  gate.open();
  CHECK(completion->wait().ok());
  CHECK(completion->n_steps <= 1 + 4);  // the prompt in the very next step, then token by token
  CHECK(listener->wait().ok());
}
