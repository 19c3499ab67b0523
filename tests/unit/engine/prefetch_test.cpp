// Typing through a suggestion, accepting it, and what the engine thinks of while idle.
#include <chrono>
#include <thread>

#include "daemon/engine/random.h"
#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

constexpr const char* kText = "It was a dark night and";
constexpr std::uint32_t kTokens = 12;

/// Letters and spaces, as the history's hash says.
std::vector<float> letters(History history) {
  std::uint64_t hash = 3;
  for (const auto token : history) hash = mix64(hash * 31 + token + 1);
  std::vector<float> logits(258, -30);
  for (std::uint32_t c = 'a'; c <= 'z'; ++c)
    logits[c] = static_cast<float>(4 * random_unit(hash, c));
  logits[' '] = 3;
  return logits;
}

EngineOptions eager(std::uint32_t prefetch_tokens) {
  EngineOptions options;
  options.prefetch_tokens = prefetch_tokens;
  options.prefetch_pause = std::chrono::milliseconds(0);
  return options;
}

struct Typist : Fixture {
  explicit Typist(std::uint32_t prefetch_tokens, FakeModelOptions model_options = {})
      : Fixture(with_letters(std::move(model_options)), {}, false, eager(prefetch_tokens)) {}

  ~Typist() { gate.open(); }

  /// Holds the engine's thread at the gate in its n-th step from now on.
  void hold_at_step(std::uint32_t n) {
    model->on_forward = [this, n, n_steps = 0u](const model::Batch&) mutable {
      if (++n_steps == n) gate.close();
      gate.pass();
      return Status{};
    };
  }

  static FakeModelOptions with_letters(FakeModelOptions options) {
    if (!options.logits) options.logits = letters;
    return options;
  }

  /// A request as an editor sends it.
  static CompletionParams ghost(std::string prefix) {
    CompletionParams params = request(std::move(prefix), 1, kTokens);
    params.sampler.seed.reset();
    params.document = "chapter one";
    params.healing = true;
    return params;
  }

  void wait_prefetched(std::uint64_t n_tokens) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (engine->status().prefetched_tokens < n_tokens) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  Gate gate;
};

/// The branch of that seed, as an engine without any history makes it.
std::string cold(const CompletionParams& params, std::uint64_t seed, std::uint32_t n_tokens) {
  Typist f(0);
  CompletionParams again = params;
  again.sampler.seed = seed;
  again.stop.max_tokens = n_tokens;
  again.stop.until = StopUnit::kNone;
  return f.complete(again).branches[0].text;
}

}  // namespace

TEST_CASE("Typing through a suggestion is answered without a step, with what was shown", "[unit]") {
  Typist f(32);
  const CompletionResult first = f.complete(Typist::ghost(kText));
  const Branch& shown = first.branches[0];
  CHECK(first.typed_through == 0);
  f.wait_prefetched(32);
  const std::string all = cold(Typist::ghost(kText), shown.seed, kTokens + 32);
  REQUIRE(all.starts_with(shown.text));

  const auto n_steps = f.model->n_steps();
  for (const std::size_t n_typed : {1u, 2u, 5u, 12u, 20u, 32u}) {
    INFO(n_typed);
    const CompletionResult rest = f.complete(Typist::ghost(kText + all.substr(0, n_typed)));
    CHECK(rest.branches[0].text == all.substr(n_typed, kTokens));
    CHECK(rest.branches[0].finish_reason == FinishReason::kLength);
    CHECK(rest.branches[0].seed == shown.seed);
    CHECK(rest.timings.prefetched == kTokens);
    CHECK(rest.timings.cached_tokens == rest.timings.prompt_tokens);
    CHECK(rest.timings.prompt_tokens == std::string(kText).size() + n_typed);
    CHECK(rest.typed_through > 0);
    // No step for the answers; each byte that is typed lets one more be thought ahead.
    CHECK(f.model->n_steps() - n_steps <= n_typed);
  }
}

TEST_CASE("Without prefetch the rest is what was shown and the branch goes on", "[unit]") {
  Typist f(0);
  const Branch shown = f.complete(Typist::ghost(kText)).branches[0];
  const std::string all = cold(Typist::ghost(kText), shown.seed, 3 * kTokens);
  auto n_steps = f.model->n_steps();
  const CompletionResult rest = f.complete(Typist::ghost(kText + all.substr(0, 5)));
  CHECK(rest.branches[0].text == all.substr(5, kTokens));
  CHECK(rest.timings.prefetched == kTokens - 5);
  CHECK(f.model->n_steps() - n_steps == 5);

  // Accepted whole, and everything that was drawn is used up.
  n_steps = f.model->n_steps();
  const CompletionResult next = f.complete(Typist::ghost(kText + all.substr(0, 5 + kTokens)));
  CHECK(next.branches[0].text == all.substr(5 + kTokens, kTokens));
  CHECK(next.timings.prefetched == 0);
  CHECK(next.timings.prompt_tokens - next.timings.cached_tokens <= 1);
  CHECK(next.timings.ttft_ms > 0);
  CHECK(f.model->n_steps() - n_steps == kTokens);
  CHECK(f.engine->status().prefetched_tokens == 0);
}

TEST_CASE("A part that ends a unit stays that unit, and the next one is ready", "[unit]") {
  const std::string script = " stars shone above the hills and further words follow after them";
  Typist f(32, {.logits = scripted(bytes(script), 258, std::string(kText).size())});
  CompletionParams params = Typist::ghost(kText);
  params.healing = false;
  params.stop.until = StopUnit::kWord;
  CHECK(f.complete(params).branches[0].text == " stars");
  f.wait_prefetched(31);  // the space after the word was drawn already
  const auto n_steps = f.model->n_steps();
  params.prefix = std::string(kText) + " s";
  const CompletionResult rest = f.complete(params);
  CHECK(f.model->n_steps() == n_steps);
  CHECK(rest.branches[0].text == "tars");
  CHECK(rest.branches[0].finish_reason == FinishReason::kStop);
  CHECK(rest.timings.prefetched == 4);
  params.prefix = std::string(kText) + " stars";
  const CompletionResult next = f.complete(params);
  CHECK(next.branches[0].text == " shone");
  CHECK(next.branches[0].finish_reason == FinishReason::kStop);
  params.prefix = std::string(kText) + " stars shone abov";
  CHECK(f.complete(params).branches[0].text == "e");
  CHECK(rest.timings.cached_tokens == rest.timings.prompt_tokens);
}

TEST_CASE("A seed gives its own text whatever was thought ahead", "[unit]") {
  Typist f(32);
  const Branch shown = f.complete(Typist::ghost(kText)).branches[0];
  f.wait_prefetched(32);
  for (const std::size_t n_typed : {0u, 3u, 12u}) {
    CompletionParams params = Typist::ghost(kText + shown.text.substr(0, n_typed));
    params.sampler.seed = 77;
    const CompletionResult result = f.complete(params);
    CHECK(result.typed_through == 0);
    CHECK(result.timings.prefetched == 0);
    CHECK(result.branches[0].text == cold(params, 77, kTokens));
  }
}

TEST_CASE("Another sampler, document, client or text starts anew", "[unit]") {
  const auto continues = [](auto&& change) {
    Typist f(8);
    const Branch shown = f.complete(Typist::ghost(kText)).branches[0];
    CompletionParams params = Typist::ghost(kText + shown.text.substr(0, 3));
    change(params, f);
    return f.complete(params).typed_through > 0;
  };
  CHECK(continues([](auto&, auto&) {}));
  CHECK_FALSE(continues([](auto& p, auto&) { p.sampler.temperature = 0.7f; }));
  CHECK_FALSE(continues([](auto& p, auto&) { p.document = "chapter two"; }));
  CHECK_FALSE(continues([](auto& p, auto&) { p.prefix += '#'; }));
  CHECK_FALSE(continues([](auto& p, auto&) { p.prefix[3] = '#'; }));
  CHECK_FALSE(continues([](auto& p, auto&) { p.prefetch = false; }));
  CHECK_FALSE(continues([](auto& p, auto&) { p.prefix = kText; }));  // asked again: another draw
  CHECK_FALSE(continues([](auto&, auto& f) { f.engine->cancel_all_of(1); }));
}

TEST_CASE("Thinking ahead ends after its tokens and does not begin where it is unwanted",
          "[unit]") {
  Typist f(8);
  CompletionParams params = Typist::ghost(kText);
  params.prefetch = false;
  f.complete(params);
  CHECK(f.engine->status().prefetched_tokens == 0);
  params = Typist::ghost(kText);
  params.sampler.seed = 5;
  f.complete(params);
  CHECK(f.engine->status().prefetched_tokens == 0);
  f.complete(Typist::ghost(kText));
  f.wait_prefetched(8);
  f.complete(params);
  CHECK(f.engine->status().prefetched_tokens == 8);
  CHECK(f.engine->status().kv_blocks_used == f.engine->status().kv_blocks_cached);
}

TEST_CASE("Thinking ahead yields to a request at the next step", "[unit]") {
  Typist f(100'000, {.context = 8192, .n_blocks = 1024});
  f.hold_at_step(0);
  const Branch shown = f.complete(Typist::ghost(kText)).branches[0];
  f.wait_prefetched(5);
  f.gate.close();
  f.gate.wait_held();
  const auto n_arrived = f.gate.n_arrived();
  auto listener = std::make_shared<TimedCollector>(f.gate);
  REQUIRE(f.engine->complete(2, request("x", 1, 1), listener).ok());
  f.gate.open();
  REQUIRE(listener->wait().ok());
  CHECK(listener->n_steps == n_arrived + 1);  // the one that was running, and its own
  // What was thought of until then is not lost.
  const CompletionResult next = f.complete(Typist::ghost(kText + shown.text.substr(0, 2)));
  CHECK(next.timings.prefetched == kTokens);
  f.engine->shutdown();
}

TEST_CASE("Typing through while the suggestion still streams goes on with it", "[unit]") {
  Typist f(0);
  f.hold_at_step(9);  // four tokens spell " and" again
  auto first = f.start(Typist::ghost(kText));
  f.gate.wait_held();
  const std::string so_far = first->text(0);
  REQUIRE(so_far.size() >= 2);
  auto second = f.start(Typist::ghost(kText + so_far.substr(0, 2)));
  f.gate.open();
  const auto cancelled = first->wait();
  REQUIRE(cancelled.ok());
  CHECK(cancelled->branches[0].finish_reason == FinishReason::kCancelled);
  const auto rest = second->wait();
  REQUIRE(rest.ok());
  CHECK(rest->typed_through == 2);
  const std::string all = cold(Typist::ghost(kText), rest->branches[0].seed, 2 + kTokens);
  CHECK(all.starts_with(so_far));
  CHECK(rest->branches[0].text == all.substr(2));
  CHECK(second->text(0) == rest->branches[0].text);
}

TEST_CASE("Of a client that has gone nothing is kept, also of what was streaming", "[unit]") {
  Typist f(0);
  f.hold_at_step(9);
  auto first = f.start(Typist::ghost(kText));
  f.gate.wait_held();
  const std::string so_far = first->text(0);
  REQUIRE(so_far.size() >= 2);
  f.engine->cancel_all_of(1);
  f.gate.open();
  REQUIRE(first->wait().ok());
  CHECK(f.complete(Typist::ghost(kText + so_far.substr(0, 2))).typed_through == 0);
}

TEST_CASE("What has left the cache is not read again to think ahead", "[unit]") {
  Typist f(8, {.context = 128, .n_blocks = 8});
  const Branch shown = f.complete(Typist::ghost(kText)).branches[0];
  f.wait_prefetched(8);
  f.complete(request(std::string(90, 'q'), 1, 20));  // takes the blocks
  const std::uint64_t n_rows = f.model->n_rows_run();
  f.complete(Typist::ghost(kText + shown.text.substr(0, 2)));  // all of it is known
  f.complete(request("q", 1, 1));
  CHECK(f.model->n_rows_run() - n_rows <= 2);
}

TEST_CASE("A writer who accepts for pages gets a new prompt where the context is full", "[unit]") {
  Typist f(0, {.context = 128});
  std::string text = kText;
  std::uint32_t n_continued = 0;
  for (int i = 0; i < 30; ++i) {
    const CompletionResult result = f.complete(Typist::ghost(text));
    REQUIRE_FALSE(result.branches[0].text.empty());
    CHECK(result.branches[0].finish_reason == FinishReason::kLength);
    n_continued += result.typed_through > 0;
    text += result.branches[0].text;
  }
  CHECK(n_continued >= 10);
  CHECK(n_continued < 29);
}

TEST_CASE("Typing through survives an emptied KV cache", "[unit]") {
  Typist f(0, {.context = 128, .n_blocks = 12});
  const Branch shown = f.complete(Typist::ghost(kText)).branches[0];
  const std::string all = cold(Typist::ghost(kText), shown.seed, 2 * kTokens);
  f.complete(request(std::string(90, 'q'), 1, 20));  // takes the blocks
  const CompletionResult rest = f.complete(Typist::ghost(kText + all.substr(0, 5)));
  CHECK(rest.typed_through == 5);
  CHECK(rest.branches[0].text == all.substr(5, kTokens));
}

TEST_CASE("A banned phrase does not come about across what was shown", "[unit]") {
  // The model wants "dark night", or an x where it may not go on.
  const std::string script = " dark night fell";
  Typist f(0, {.logits = [&](History history) {
             std::vector<float> logits(258, -10);
             const std::size_t at = history.size() - std::string(kText).size();
             logits[static_cast<unsigned char>(script[std::min(at, script.size() - 1)])] = 30;
             logits['x'] = 10;
             return logits;
           }});
  CompletionParams params = Typist::ghost(kText);
  params.healing = false;
  params.suppress = false;
  // Shown up to "dark nig" for want of tokens, then typed into: "h" may not follow.
  params.sampler.bans.phrases = {"dark nigh"};
  params.stop.max_tokens = 9;
  CHECK(f.complete(params).branches[0].text == " dark nig");
  params.prefix = std::string(kText) + " dar";
  const CompletionResult rest = f.complete(params);
  CHECK(rest.typed_through == 4);
  CHECK(rest.branches[0].text.substr(0, 6) == "k nigx");
}
