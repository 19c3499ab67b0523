#include <cmath>

#include "daemon/engine/random.h"
#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

/// Only these pieces are likely, at random.
LogitsFunction babble(const std::vector<std::uint32_t>& likely, std::uint32_t vocab_size) {
  return [=](History history) {
    std::uint64_t hash = 11;
    for (const auto token : history) hash = mix64(hash * 31 + token);
    std::vector<float> logits(vocab_size, -20);
    for (std::size_t i = 0; i < likely.size(); ++i)
      logits[likely[i]] = static_cast<float>(4 * random_unit(hash, i));
    return logits;
  };
}

/// No phrase ends in `text`, the continuation of `prefix`.
void check_clean(const std::string& prefix, const std::string& text,
                 const std::vector<std::string>& phrases) {
  const std::string all = prefix + text;
  for (const std::string& phrase : phrases) {
    const std::size_t first = prefix.size() - std::min(prefix.size(), phrase.size() - 1);
    INFO(phrase << " in " << all);
    CHECK(all.find(phrase, first) == std::string::npos);
  }
}

/// Each token has the log-probability that a cold run gives it: the KV cache was right.
void check_logprobs(const Fixture& f, const CompletionParams& params, const Branch& branch) {
  std::vector<std::uint32_t> history = f.tokenizer->encode(params.prefix);
  for (const TokenResult& token : branch.tokens) {
    const auto logits = f.model->logits_after(history);
    double sum = 0;
    for (const float logit : logits) sum += std::exp(logit);
    CHECK(token.logprob == Approx(logits[token.id] - std::log(sum)).margin(1e-4));
    history.push_back(token.id);
  }
}

CompletionParams banning(CompletionParams params, std::vector<std::string> phrases) {
  params.sampler.bans.phrases = std::move(phrases);
  return params;
}

}  // namespace

TEST_CASE("A banned phrase makes the branch go back to where it began", "[unit]") {
  const std::string prefix(20, 'p');
  const std::string script = "ran down her spine and on";
  Fixture f({.logits = [&](History history) {
    std::vector<float> logits(258, 0);
    const std::size_t at = history.size() - prefix.size();
    if (at < script.size()) logits[static_cast<unsigned char>(script[at])] = 30;
    logits['x'] = 1;
    if (at == script.size()) logits[257] = 40;
    return logits;
  }});
  CompletionParams params = request(prefix, 1, 40);
  params.sampler.temperature = 0;
  CHECK(texts(f.complete(params)) == std::vector<std::string>{script});
  CHECK(texts(f.complete(banning(params, {"down her spine"}))) ==
        std::vector<std::string>{"ran xown her spine and on"});
  CHECK(texts(f.complete(banning(params, {"DOWN", "r sp", "n x", "xo"}))) ==
        std::vector<std::string>{"rax " + std::string(1, '\0') + "own hex spine and on"});
}

TEST_CASE("No ban ever shows, whatever the branches, blocks and seeds", "[unit]") {
  FakeTokenizer pieces({"ab", "ba ", " c", "aab", "é", "\xc3",
                        "\xa9"
                        "a"});
  const std::vector<std::string> extra = {"ab",
                                          "ba ",
                                          " c",
                                          "aab",
                                          "é",
                                          "\xc3",
                                          "\xa9"
                                          "a"};
  std::vector<std::uint32_t> likely = bytes("abc ");
  for (const auto& piece : extra) likely.push_back(pieces.id_of(piece));
  Fixture f({.logits = babble(likely, pieces.vocab_size())}, extra);
  const std::vector<std::string> phrases = {"aba", "b c", "éa", "cc", "abb", "  ", "aab c", "ca"};
  std::size_t n_without = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    // Every place in a block, and prefixes that begin a phrase.
    CompletionParams params =
        request(std::string(seed % 40, 'p') + (seed % 2 ? "ab" : "aab "), seed, 20);
    params.n = 1 + seed % 4;
    params.sampler.temperature = 0.5f * static_cast<float>(seed % 4);
    if (seed % 3 == 1) params.sampler.min_p = 0.1f;
    if (seed % 5 == 1) params.sampler.mirostat.tau = 2;
    params.suppress = seed % 2 == 1;
    if (seed % 7 == 3) params.suffix = " cab abc";
    if (seed % 7 == 5) params.stop.until = StopUnit::kWord;
    const CompletionResult plain = f.complete(params);
    const CompletionParams banned = banning(params, phrases);
    const CompletionResult result = f.complete(banned);
    for (const Branch& branch : result.branches) {
      check_clean(params.prefix, branch.text, phrases);
      check_logprobs(f, params, branch);
      CHECK(branch.finish_reason != FinishReason::kBanned);
      n_without += branch.text == plain.branches[0].text;
      if (params.sampler.temperature == 0 || branch.suppressed == Suppressed::kDuplicate) continue;
      CompletionParams alone = banned;
      alone.n = 1;
      alone.sampler.seed = branch.seed;
      CHECK(f.complete(alone).branches[0].text == branch.text);
    }
  }
  CHECK(n_without < 30);  // the bans had something to do
}

TEST_CASE("A ban holds for the first half before the cursor", "[unit]") {
  FakeTokenizer pieces({"er", "shiv", "shiver"});
  std::vector<std::uint32_t> likely = {pieces.id_of("er"), pieces.id_of("shiver"), 'e', 'r', 's'};
  Fixture f({.logits = babble(likely, pieces.vocab_size())}, {"er", "shiv", "shiver"});
  for (const bool healing : {false, true}) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      CompletionParams params = banning(request("a Shiv", seed, 6), {"a shiver"});
      params.healing = healing;
      params.n = 2;
      for (const std::string& text : texts(f.complete(params))) {
        INFO(text);
        CHECK_FALSE(text.starts_with("er"));
        CHECK_FALSE(text.empty());
      }
    }
  }
}

TEST_CASE("A ban holds in the token that heals the prefix", "[unit]") {
  // Healing must spell "x"; the model wants "xy", which has the banned y.
  FakeTokenizer pieces({"xy"});
  Fixture f({.logits = scripted({pieces.id_of("xy")}, pieces.vocab_size(), 2)}, {"xy"});
  CompletionParams params = request("a x", 3, 6);
  params.healing = true;
  CHECK(f.complete(params).branches[0].text.starts_with("y"));
  check_clean("a x", f.complete(banning(params, {"xy", "yx"})).branches[0].text, {"xy", "yx"});
}

TEST_CASE("A branch that finds no way round ends as banned, before the phrase", "[unit]") {
  std::vector<std::string> every;
  for (char c = 1; c < 127; ++c) every.emplace_back(1, c);
  const std::string prefix = "go";
  Fixture f({.logits = [&](History history) {
    std::vector<float> logits(258, -50);
    for (char c = 1; c < 127; ++c) logits[static_cast<unsigned char>(c)] = 1;
    logits[0xC3] = history.size() == prefix.size() ? 50.0f : -50.0f;
    if (history.back() == 0xC3) logits[0xA9] = 50;
    return logits;
  }});
  const Branch branch = f.complete(banning(request(prefix, 1, 20), every)).branches[0];
  CHECK(branch.text == "é");
  CHECK(branch.finish_reason == FinishReason::kBanned);
}

TEST_CASE("Case counts where it is asked for", "[unit]") {
  const std::string script = "Suddenly";
  Fixture f({.logits = scripted(bytes(script), 258, 1)});
  CompletionParams params = banning(request("x", 1, 8), {"suddenly"});
  CHECK(f.complete(params).branches[0].text != script);
  params.sampler.bans.ignore_case = false;
  CHECK(f.complete(params).branches[0].text == script);
}
