#include "daemon/engine/bridge.h"

#include <cmath>

#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

/// Puts a space before what it encodes, as SentencePiece does.
class SpacePrefixTokenizer : public FakeTokenizer {
 public:
  using FakeTokenizer::FakeTokenizer;
  bool adds_space_prefix() const override { return true; }
  std::vector<tokenizer::TokenId> encode(std::string_view text,
                                         tokenizer::EncodeOptions options = {}) const override {
    return FakeTokenizer::encode(" " + std::string(text), options);
  }
};

/// Nats a byte of the tokens after `n_before` in `tokens`, by plain loops.
double plain_logprob(const Fixture& f, std::vector<std::uint32_t> tokens, std::size_t n_before,
                     std::size_t n_bytes) {
  double sum = 0;
  for (std::size_t i = n_before; i < tokens.size(); ++i) {
    const auto logits = f.model->logits_after(History(tokens).first(i));
    double total = 0;
    for (const float logit : logits) total += std::exp(logit);
    sum += logits[tokens[i]] - std::log(total);
  }
  return sum / static_cast<double>(n_bytes);
}

RankResult rank(Fixture& f, RankParams params) {
  auto listener = std::make_shared<RankCollector>();
  const auto id = f.engine->rank(1, std::move(params), listener);
  REQUIRE(id.ok());
  auto result = listener->wait();
  REQUIRE(result.ok());
  return *result;
}

}  // namespace

TEST_CASE("The head of a suffix is its first tokens, in whole words", "[unit]") {
  const FakeTokenizer bytes_only;
  CHECK(bridge_head(" short", bytes_only) == " short");
  CHECK(bridge_head(" and then she left the old house by the river", bytes_only) ==
        " and then she left the old house");
  CHECK(bridge_head(std::string(100, 'x'), bytes_only) == std::string(32, 'x'));
  const FakeTokenizer words({" and", " then"});
  const std::string head =
      bridge_head(" and then and then and then and then and then and then", words);
  CHECK(head.size() == 54);
  CHECK(bridge_head("", bytes_only).empty());
}

TEST_CASE("A text inside another is tokenized without a space before it", "[unit]") {
  const SpacePrefixTokenizer spaced({" and", "and", "\n"});
  for (const std::string text : {" and then", "and then", "\nand", "x", ""})
    CHECK(spaced.text_of(encode_inside(text, spaced)) == text);
  CHECK(encode_inside(" and", spaced) == std::vector{spaced.id_of(" and")});
  CHECK(encode_inside("and", spaced) == std::vector{spaced.id_of("and")});
}

TEST_CASE("A token across the seam is judged whole", "[unit]") {
  const FakeTokenizer tokenizer({" door", " the"});
  const auto plan = plan_bridge({5, 6}, " the do", "or.", tokenizer, 100);
  REQUIRE(plan);
  CHECK(tokenizer.text_of(std::span(plan->tokens).subspan(2)) == " the door.");
  CHECK(plan->first_judged == 3);
  CHECK(plan->n_bytes == 6);
  // What the context has no room for is not judged.
  CHECK(plan_bridge({5, 6}, " the do", "or.", tokenizer, 4)->n_bytes == 5);
  CHECK_FALSE(plan_bridge({5, 6}, " the do", "or.", tokenizer, 3));
  CHECK_FALSE(plan_bridge({5, 6}, " the", "", tokenizer, 100));
}

TEST_CASE("The order has the best first and those without a bridge last", "[unit]") {
  using V = std::vector<std::uint32_t>;
  CHECK(bridge_order({-2.0f, -1.0f, std::nullopt, -3.0f}) == V{1, 0, 3, 2});
  CHECK(bridge_order({-1.0f, -1.0f}) == V{0, 1});
  CHECK(bridge_order({std::nullopt, std::nullopt}) == V{0, 1});
  CHECK(bridge_order({}).empty());
}

TEST_CASE("Candidates are ranked as plain loops rank them", "[unit]") {
  for (const std::uint32_t max_logit_rows : {16u, 5u}) {
    Fixture f({.max_rows = 24, .max_logit_rows = max_logit_rows});
    const std::string prefix = "It was late in the old house when";
    const std::string suffix = " and nothing more was said of it that evening.";
    const std::vector<std::string> candidates = {" he came", "", " she", std::string(40, 'z')};
    const RankResult result = rank(f, {prefix, suffix, candidates});
    REQUIRE(result.bridge_logprobs.size() == 4);
    const std::string head = " and nothing more was said of it";
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const auto tokens = f.tokenizer->encode(prefix + candidates[i] + head);
      CHECK(*result.bridge_logprobs[i] ==
            Approx(plain_logprob(f, tokens, prefix.size() + candidates[i].size(), head.size()))
                .margin(1e-4));
    }
    CHECK(result.order == bridge_order(result.bridge_logprobs));
    // The prefix is read once.
    CHECK(f.model->n_rows_run() < prefix.size() + 4 * (8 + 40 + head.size()));
  }
}

TEST_CASE("Branches are ranked with what was made of them", "[unit]") {
  Fixture f({.n_blocks = 200});
  CompletionParams params = request("It was late in the old house when", 3, 10);
  params.n = 5;
  params.suffix = " and nothing more";
  params.rank = RankBy::kBridge;
  params.suppress = true;
  const CompletionResult result = f.complete(params);
  std::vector<std::optional<float>> logprobs;
  for (const Branch& branch : result.branches) {
    logprobs.push_back(branch.bridge_logprob);
    CHECK(branch.bridge_logprob.has_value() != branch.suppressed.has_value());
    if (branch.suppressed) continue;
    const std::string before = params.prefix + branch.text;
    const auto tokens = f.tokenizer->encode(before + params.suffix);
    CHECK(*branch.bridge_logprob ==
          Approx(plain_logprob(f, tokens, before.size(), params.suffix.size())).margin(1e-4));
  }
  CHECK(result.order == bridge_order(logprobs));

  // Ranking changes nothing else, and costs little more than the suffix's rows.
  const std::uint64_t rows_before = f.model->n_rows_run();
  CHECK(texts(f.complete(params)) == texts(result));
  const std::uint64_t ranked_rows = f.model->n_rows_run() - rows_before;
  params.rank = RankBy::kNone;
  const CompletionResult plain = f.complete(params);
  CHECK(texts(plain) == texts(result));
  CHECK(plain.order.empty());
  CHECK(ranked_rows < (f.model->n_rows_run() - rows_before - ranked_rows) + 5 * 20);
}

TEST_CASE("A ranked request keeps to the context and can be cancelled at any step", "[unit]") {
  Gate gate;
  Fixture f({.context = 64, .n_blocks = 40});
  f.model->on_forward = [&](const model::Batch&) {
    gate.pass();
    return Status();
  };
  CompletionParams params = request("It was late in the old house", 3, 30);
  params.n = 4;
  params.suffix = " and nothing more was said.";
  params.rank = RankBy::kBridge;
  f.complete(params);  // what is cached then stays so
  const std::uint64_t steps_before = f.model->n_steps();
  f.complete(params);
  const std::uint64_t all_steps = f.model->n_steps() - steps_before;
  REQUIRE(all_steps > 30);
  for (std::uint64_t n_steps = 1; n_steps <= all_steps; n_steps += n_steps + 5 < 30 ? 5 : 1) {
    auto listener = cancel_at_step(f, gate, params, n_steps);
    const auto result = listener->wait();
    REQUIRE(result.ok());
    for (std::uint32_t i = 0; i < 4; ++i) CHECK(listener->text(i) == result->branches[i].text);
  }
  CHECK(f.engine->status().kv_blocks_used == f.engine->status().kv_blocks_cached);
}

TEST_CASE("A ranking is cancelled like any request", "[unit]") {
  Gate gate;
  Fixture f;
  f.model->on_forward = [&](const model::Batch&) {
    gate.pass();
    return Status();
  };
  gate.close();
  auto listener = std::make_shared<RankCollector>();
  const auto id = f.engine->rank(1, {"abc", "def", {"x", "y"}}, listener);
  REQUIRE(id.ok());
  gate.wait_arrived(1);
  CHECK(f.engine->cancel(*id));
  gate.open();
  const auto result = listener->wait();
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == ErrorCode::kCancelled);
}
