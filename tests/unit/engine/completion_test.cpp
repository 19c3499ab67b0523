#include <cmath>

#include "daemon/engine/random.h"
#include "daemon/engine/sampler.h"
#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

/// The same completion by plain loops, without cache, batch or stream.
std::string naive_completion(const Fixture& f, const CompletionParams& params) {
  std::vector<std::uint32_t> history = f.tokenizer->encode(params.prefix);
  std::string text;
  const Sampler sampler(params.sampler, *f.tokenizer);
  double mu = sampler.mirostat().first_mu();
  for (std::uint32_t i = 0; i < params.stop.max_tokens; ++i) {
    const auto logits = f.model->logits_after(history);
    std::vector<model::Candidate> all;
    for (std::uint32_t id = 0; id < logits.size(); ++id) all.push_back({id, logits[id]});
    const Draw draw{*params.sampler.seed, i};
    const auto d = sampler.shape(sampler.edits(history).of_all(all), sampler.xtc_strikes(draw), mu);
    const auto token = *d->pick(draw.position());
    for (const Weighted& w : d->tokens)
      if (w.token == token)
        mu = sampler.mirostat().next_mu(mu, -std::log2(w.probability * d->kept));
    if (f.tokenizer->is_control(token)) break;
    text += f.tokenizer->piece(token);
    history.push_back(token);
  }
  return text;
}

Fixture scripted_fixture(const std::string& script, std::size_t prompt_size) {
  auto tokens = bytes(script);
  tokens.push_back(257);  // EOS
  return Fixture({.logits = scripted(tokens, 258, prompt_size)});
}

std::string stopped(const std::string& script, StopUnit until, FinishReason expected) {
  Fixture f = scripted_fixture(script, 1);
  CompletionParams params = request("x", 1, 100);
  params.stop.until = until;
  const CompletionResult result = f.complete(params);
  CHECK(result.branches[0].finish_reason == expected);
  return result.branches[0].text;
}

}  // namespace

TEST_CASE("A completion is what plain sampling loops give", "[unit]") {
  Fixture f;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CompletionParams params = request("Once upon a time " + std::to_string(seed % 4), seed);
    params.sampler.temperature = 0.4f + 0.1f * (seed % 5);
    params.sampler.min_p = seed % 2 ? 0.1f : 0;
    params.sampler.top_k = seed % 3 ? 0 : 40;
    params.sampler.penalties = {.repeat = seed % 5 ? 1.f : 1.2f, .frequency = 0.1f * (seed % 7)};
    params.sampler.dry.multiplier = 0.5f * (seed % 2);
    params.sampler.dry.allowed_length = 1;
    params.sampler.xtc.probability = 0.25f * (seed % 3);
    params.sampler.mirostat.tau = seed % 4 ? 0.f : 4.f;
    const CompletionResult result = f.complete(params);
    CHECK(result.branches[0].text == naive_completion(f, params));
    CHECK(result.branches[0].seed == seed);
  }
}

TEST_CASE("A long prompt is read in chunks and gives the same text", "[unit]") {
  Fixture f({.max_rows = 16});
  const std::string prompt(100, 'q');
  CompletionParams params = request(prompt);
  const auto steps_before = f.model->n_steps();
  const CompletionResult result = f.complete(params);
  CHECK(result.branches[0].text == naive_completion(f, params));
  CHECK(f.model->n_steps() - steps_before >= 7 + 11);
  CHECK(result.timings.prompt_tokens == 100);
}

TEST_CASE("A second request reads its prefix from the cache and gives the same text", "[unit]") {
  Fixture f;
  const CompletionParams params = request("The quick brown fox jumps over the lazy dog");
  const CompletionResult cold = f.complete(params);
  CHECK(cold.timings.cached_tokens == 0);
  const CompletionResult warm = f.complete(params);
  CHECK(warm.timings.cached_tokens == warm.timings.prompt_tokens - 1);
  CHECK(texts(warm) == texts(cold));

  // Accepting the suggestion and going on costs one token of prefill.
  CompletionParams next = params;
  next.prefix += cold.branches[0].text;
  const CompletionResult further = f.complete(next);
  CHECK(further.timings.prompt_tokens - further.timings.cached_tokens <= 2);
  CHECK(further.branches[0].text == naive_completion(f, next));
}

TEST_CASE("Log-probabilities are the model's own, at temperature 1", "[unit]") {
  Fixture f;
  CompletionParams params = request("abc", 3, 4);
  params.sampler.temperature = 0.2f;
  params.top = 3;
  const Branch branch = f.complete(params).branches[0];
  std::vector<std::uint32_t> history = f.tokenizer->encode("abc");
  double sum = 0;
  for (const TokenResult& token : branch.tokens) {
    const auto logits = f.model->logits_after(history);
    double total = 0;
    for (const float logit : logits) total += std::exp(logit);
    CHECK(token.logprob == Approx(logits[token.id] - std::log(total)).margin(1e-4));
    REQUIRE(token.top.size() == 3);
    CHECK(token.top[0].logprob >= token.top[1].logprob);
    CHECK(token.top[0].logprob ==
          Approx(*std::max_element(logits.begin(), logits.end()) - std::log(total)).margin(1e-4));
    sum += token.logprob;
    history.push_back(token.id);
  }
  CHECK(branch.mean_logprob == Approx(sum / branch.tokens.size()).margin(1e-4));
}

TEST_CASE("Stop rules cut the text and the tokens exactly", "[unit]") {
  const std::string script = " One two. Three\nfour\n\nfive";
  CHECK(stopped(script, StopUnit::kWord, FinishReason::kStop) == " One");
  CHECK(stopped(script, StopUnit::kSentence, FinishReason::kStop) == " One two.");
  CHECK(stopped(script, StopUnit::kLine, FinishReason::kStop) == " One two. Three");
  CHECK(stopped(script, StopUnit::kParagraph, FinishReason::kStop) == " One two. Three\nfour");
  CHECK(stopped(script, StopUnit::kNone, FinishReason::kEndOfText) == script);
  CHECK(stopped("no stop", StopUnit::kSentence, FinishReason::kEndOfText) == "no stop");
}

TEST_CASE("A token that runs past the end is cut", "[unit]") {
  Fixture f({.logits = scripted({256, 'x'}, 259, 1)}, {"one.\nTwo"});
  CompletionParams params = request("x");
  params.stop.until = StopUnit::kSentence;
  const Branch branch = f.complete(params).branches[0];
  CHECK(branch.text == "one.");
  REQUIRE(branch.tokens.size() == 1);
  CHECK(branch.tokens[0].text == "one.");
}

TEST_CASE("Chunks hold whole characters and the text loses nothing", "[unit]") {
  const std::string script =
      "\xE2\x80\x9Cna\xC3\xAFve\xE2\x80\x9D \xF0\x9F\x98\x80 \xFF end \xE2\x80";
  Fixture f = scripted_fixture(script, 1);
  auto listener = f.start(request("x", 1, 100));
  const auto result = listener->wait();
  REQUIRE(result.ok());
  CHECK(result->branches[0].text == script);
  CHECK(listener->text(0) == script);
  for (const Chunk& chunk : listener->chunks())
    CHECK((static_cast<unsigned char>(chunk.text[0]) & 0xC0) != 0x80);
}

TEST_CASE("An empty prefix starts from the start token", "[unit]") {
  Fixture f;
  const CompletionResult result = f.complete(request(""));
  CHECK(result.timings.prompt_tokens == 1);
  CHECK_FALSE(result.branches[0].text.empty());
}

TEST_CASE("A text that reaches the context says so", "[unit]") {
  Fixture f({.context = 64, .logits = scripted({'a'}, 258, 2)});
  const CompletionResult result = f.complete(request("xx", 1, 64));
  CHECK(result.branches[0].finish_reason == FinishReason::kContext);
  CHECK(result.branches[0].text.size() == 63);  // the last token needs no position of its own
}

TEST_CASE("A prefix longer than the context drops its oldest text", "[unit]") {
  Fixture f({.context = 64});
  std::string prefix;
  for (int i = 0; i < 50; ++i) prefix += "Line " + std::to_string(i) + "\n";
  const CompletionResult result = f.complete(request(prefix));
  CHECK(result.timings.prompt_tokens <= 64);
  CHECK(result.timings.dropped_tokens + result.timings.prompt_tokens == prefix.size());
}

TEST_CASE("Healing spells the removed bytes again and leaves them out of the text", "[unit]") {
  // The model would write "annoying" as one token, whatever the cut.
  const std::vector<std::string> pieces = {" ann", " annoying", "oy", "ing", " the"};
  const std::uint32_t annoying = 257;
  Fixture f({.logits =
                 [&](History history) {
                   std::vector<float> logits(263, 0);
                   logits[history.size() == 2 ? annoying : '.'] = 20;
                   logits[258] = 10;  // "oy"
                   return logits;
                 }},
            pieces);
  CompletionParams params = request("so ann", 1, 2);
  params.healing = true;
  const Branch branch = f.complete(params).branches[0];
  CHECK(branch.text == "oying.");
  REQUIRE(branch.tokens.size() == 2);
  CHECK(branch.tokens[0].id == annoying);
  CHECK(branch.tokens[0].text == "oying");

  params.healing = false;
  CHECK(f.complete(params).branches[0].text == "..");
}

TEST_CASE("Healing over several tokens gives every prefix back", "[unit]") {
  const std::vector<std::string> pieces = {" an", " ann", "noy", "oy", "ing", "ying", " q"};
  Fixture f({}, pieces);
  const std::string text =
      "I was so annoying to the quick\xE2\x80\x94"
      "fox\n\n";
  for (std::size_t cut = 1; cut <= text.size(); ++cut) {
    CompletionParams params = request(text.substr(0, cut), cut, 6);
    params.healing = true;
    const CompletionResult result = f.complete(params);
    const Branch& branch = result.branches[0];
    // What the model read and wrote spells the prefix and then the suggestion.
    CHECK(branch.tokens.size() <= 6);
    if (branch.finish_reason == FinishReason::kLength) CHECK(branch.tokens.size() == 6);
  }
}

TEST_CASE("Status counts what was done", "[unit]") {
  Fixture f;
  f.complete(request("abcdefgh", 1, 5));
  f.complete(request("abcdefgh", 1, 5));
  const EngineStatus status = f.engine->status();
  CHECK(status.completed == 2);
  CHECK(status.cancelled == 0);
  CHECK(status.active == 0);
  CHECK(status.queued == 0);
  CHECK(status.prompt_tokens == 16);
  CHECK(status.cached_tokens == 7);
  CHECK(status.decoded_tokens >= 2);
  CHECK(status.kv_blocks_total == 128);
  CHECK(status.kv_blocks_used == status.kv_blocks_cached);
  CHECK(status.ttft.p50_ms > 0);
}
