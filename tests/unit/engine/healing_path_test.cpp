// Healing along the model's own spelling of the word that was cut.
#include <set>

#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

const std::vector<std::string> kPieces = {" C", "athedral", " Cath", "erine", "arter", "ath"};

const FakeTokenizer& names() {
  static const FakeTokenizer tokenizer(kPieces);
  return tokenizer;
}

/// " C" is likelier than " Cath", which "erine" follows; `after_c` says what follows " C".
LogitsFunction words(std::string after_c) {
  return [after_c = std::move(after_c)](History history) {
    std::vector<float> logits(names().vocab_size(), -20);
    const std::string text = names().text_of(history);
    if (text.ends_with(" C")) {
      logits[names().id_of(after_c)] = 5;
    } else if (text.ends_with(" Cath")) {
      logits[names().id_of("erine")] = 5;
    } else if (text.size() < 6) {
      logits[names().id_of(" C")] = 5;
      logits[names().id_of(" Cath")] = 4;
    } else {
      logits['.'] = 5;
    }
    return logits;
  };
}

CompletionParams cut_word(float temperature = 0) {
  CompletionParams params = request("so Cath", 1, 2);
  params.healing = true;
  params.sampler.temperature = temperature;
  return params;
}

}  // namespace

TEST_CASE("Where the model's likeliest tokens spell the cut word, they come again", "[unit]") {
  Fixture f({.logits = words("athedral")}, kPieces);
  const CompletionResult result = f.complete(cut_word());
  CHECK(result.branches[0].text == "edral.");
  CHECK(result.timings.healed_tokens == 1);
  // The prompt, " C" and the rest: what was looked at is not computed again.
  CHECK(f.model->n_steps() == 3);
  CHECK(f.model->n_rows_run() == 4);
}

TEST_CASE("Where they spell another word, a token that covers the bytes comes", "[unit]") {
  Fixture f({.logits = words("arter")}, kPieces);
  const CompletionResult result = f.complete(cut_word());
  CHECK(result.branches[0].text == "erine.");
  CHECK(result.timings.healed_tokens == 1);
  CHECK(f.model->n_steps() == 4);
}

TEST_CASE("No more rows are spent than tokens were taken back", "[unit]") {
  Fixture f({.logits = words("a")}, kPieces);  // " C", "a" and perhaps more
  const CompletionResult result = f.complete(cut_word());
  CHECK(result.branches[0].text == "erine.");
  CHECK(result.timings.healed_tokens == 1);
}

TEST_CASE("Nothing is looked at where the likeliest token covers or does not fit", "[unit]") {
  for (const char* likeliest : {" Cath", "arter"}) {
    Fixture f({.logits =
                   [&](History history) {
                     std::vector<float> logits(names().vocab_size(), -20);
                     logits[history.size() > 2 ? '.' : names().id_of(likeliest)] = 5;
                     return logits;
                   }},
              kPieces);
    const CompletionResult result = f.complete(cut_word());
    CHECK(result.timings.healed_tokens == 0);
    CHECK(f.model->n_steps() == 3);
  }
}

TEST_CASE("Branches that follow the model's spelling or leave it are reproducible alone",
          "[unit]") {
  std::set<std::string> seen;
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    Fixture f({.logits = words("athedral")}, kPieces);
    CompletionParams params = cut_word(2);
    params.n = 4;
    params.stop.max_tokens = 6;
    params.sampler.seed = seed;
    const CompletionResult together = f.complete(params);
    params.n = 1;
    for (const Branch& branch : together.branches) {
      params.sampler.seed = branch.seed;
      Fixture cold({.logits = words("athedral")}, kPieces);
      CHECK(cold.complete(params).branches[0].text == branch.text);
      CHECK(f.complete(params).branches[0].text == branch.text);
      seen.insert(branch.text.substr(0, 5));
    }
    CHECK(f.engine->status().kv_blocks_used == f.engine->status().kv_blocks_cached);
  }
  CHECK(seen.count("edral") == 1);
  CHECK(seen.count("erine") == 1);
}

TEST_CASE("A ban takes a branch back onto the model's spelling and off it", "[unit]") {
  // The one is found in the first token that shows something, the other one token later.
  for (const char* phrase : {"Cathedral", "edral."}) {
    Fixture f({.logits = words("athedral")}, kPieces);
    CompletionParams params = cut_word();
    params.sampler.bans.phrases = {phrase};
    CHECK(f.complete(params).branches[0].text == "erine.");
  }
}

TEST_CASE("A request that is healed can be cancelled at any step", "[unit]") {
  Gate gate;
  Fixture f({.logits = words("athedral")}, kPieces);
  f.model->on_forward = [&](const model::Batch&) {
    gate.pass();
    return Status();
  };
  for (std::uint64_t n_steps = 1; n_steps <= 3; ++n_steps) {
    CompletionParams params = cut_word();
    params.stop.max_tokens = 6;
    params.prefix = "so so"[n_steps - 1] + params.prefix;  // nothing of it is cached
    const auto result = cancel_at_step(f, gate, params, n_steps)->wait();
    REQUIRE(result.ok());
    CHECK(result->branches[0].finish_reason == FinishReason::kCancelled);
  }
  CHECK(f.engine->status().kv_blocks_used == f.engine->status().kv_blocks_cached);
}
