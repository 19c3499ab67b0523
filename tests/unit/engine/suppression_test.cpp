// Junk and near-duplicates in whole requests: what is streamed, what is answered.
#include <set>

#include "daemon/engine/opening.h"
#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

Branch only(const std::string& script, CompletionParams params) {
  auto tokens = bytes(script);
  tokens.push_back(257);  // EOS
  Fixture f({.logits = scripted(tokens, 258, params.prefix.size())});
  params.suppress = true;
  return f.complete(params).branches[0];
}

/// Branches over words: what a token is followed by depends on the token alone.
LogitsFunction word_chain(std::uint32_t first, std::uint32_t n_words) {
  return [=](History history) {
    std::vector<float> logits(258 + n_words, -100);
    for (std::uint32_t i = 0; i < n_words; ++i)
      logits[first + i] = static_cast<float>((history.back() * 7 + i * 5) % 11) / 2;
    return logits;
  };
}

const std::vector<std::string> kWords = {" the", " The", " THE", " old", " Old", " sat", "."};

}  // namespace

TEST_CASE("The suffix ends a streamed branch and its tokens", "[unit]") {
  CompletionParams params = request("x", 1, 100);
  params.suffix = " and then she left.";
  const Branch met = only(" went home and then she ran", params);
  CHECK(met.text == " went home");
  CHECK(met.finish_reason == FinishReason::kStop);
  CHECK(met.tokens.size() == met.text.size());
  const Branch ended = only(" went home and", params);
  CHECK(ended.text == " went home");
  CHECK(ended.finish_reason == FinishReason::kEndOfText);
}

TEST_CASE("Junk is answered with its reason and nothing else", "[unit]") {
  const auto reason = [](const std::string& script, const std::string& prefix = "x") {
    const Branch branch = only(script, request(prefix, 1, 100));
    CHECK(branch.text.empty());
    CHECK(branch.tokens.empty());
    CHECK(branch.seed == 1);
    return branch.suppressed;
  };
  CHECK(reason("") == Suppressed::kEmpty);
  CHECK(reason(" ... ") == Suppressed::kPunctuation);
  CHECK(reason(std::string(90, '-')) == Suppressed::kLoops);
  CHECK(reason(" Nothing came of it. But", "Nothing came of it.") == Suppressed::kRepeats);
}

TEST_CASE("A loop ends the branch long before its tokens do", "[unit]") {
  const Branch branch = only(" He sat." + std::string(" so it went on") + " so it went on" +
                                 " so it went on" + " so it went on",
                             request("x", 1, 200));
  CHECK(branch.text == " He sat. so it went on");
  CHECK(branch.finish_reason == FinishReason::kRepetition);
  CHECK_FALSE(branch.suppressed);
}

TEST_CASE("Near-duplicate branches are drawn again and stay reproducible", "[unit]") {
  int n_alike_unfiltered = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Fixture f({.logits = word_chain(256, 7)}, kWords);
    CompletionParams params = request("x", seed, 8);
    params.n = 5;
    params.suppress = true;
    const CompletionResult result = f.complete(params);
    for (std::uint32_t i = 0; i < 5; ++i) {
      const Branch& branch = result.branches[i];
      if (branch.suppressed == Suppressed::kDuplicate) continue;
      for (std::uint32_t j = 0; j < i; ++j) {
        if (result.branches[j].suppressed) continue;
        CHECK(compare(Opening{branch.text, true}, Opening{result.branches[j].text, true}) ==
              Likeness::kDifferent);
      }
      CompletionParams alone = params;
      alone.n = 1;
      alone.sampler.seed = branch.seed;
      CHECK(f.complete(alone).branches[0].text == branch.text);
    }
    params.suppress = false;
    const CompletionResult unfiltered = f.complete(params);
    for (std::uint32_t i = 1; i < 5; ++i)
      for (std::uint32_t j = 0; j < i; ++j)
        n_alike_unfiltered +=
            compare(Opening{unfiltered.branches[i].text, true},
                    Opening{unfiltered.branches[j].text, true}) == Likeness::kAlike;
  }
  CHECK(n_alike_unfiltered > 10);  // there was something to do
}

TEST_CASE("Which branches are drawn again does not depend on how steps are filled", "[unit]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CompletionParams params = request("A long prompt that fills more than a block", seed, 8);
    params.n = 6;
    params.suppress = true;
    Fixture roomy({.logits = word_chain(256, 7)}, kWords);
    const CompletionResult expected = roomy.complete(params);
    Fixture narrow({.max_rows = 7, .logits = word_chain(256, 7)}, kWords);
    std::vector<std::shared_ptr<Collector>> others;
    for (std::uint64_t i = 0; i < 6; ++i)
      others.push_back(narrow.start(request("Another " + std::to_string(i), i + 1, 12)));
    const CompletionResult result = narrow.complete(params);
    CHECK(texts(result) == texts(expected));
    for (std::uint32_t i = 0; i < 6; ++i)
      CHECK(result.branches[i].seed == expected.branches[i].seed);
    for (auto& other : others) CHECK(other->wait().ok());
  }
}

TEST_CASE("Where all begin alike the later branches are suppressed", "[unit]") {
  Fixture f({.logits = scripted(bytes(" one two three four five"), 258, 1)});
  CompletionParams params = request("x", 1, 20);
  params.n = 3;
  params.suppress = true;
  params.sampler.min_p = 0.05f;
  const CompletionResult result = f.complete(params);
  CHECK(result.branches[0].text == " one two three four ");
  for (std::uint32_t i : {1, 2}) {
    CHECK(result.branches[i].suppressed == Suppressed::kDuplicate);
    CHECK(result.branches[i].finish_reason == FinishReason::kRepetition);
  }
  // A first draw and four more for each, none of them as long as a whole branch.
  CHECK(f.engine->status().decoded_tokens < 20 + 2 * 5 * 16);
}

TEST_CASE("A request cancelled while a branch is undecided answers what it has", "[unit]") {
  Gate gate;
  Fixture f({.logits = word_chain(256, 7)}, kWords);
  f.model->on_forward = [&](const model::Batch&) {
    gate.pass();
    return Status();
  };
  for (std::uint64_t n_steps = 1; n_steps <= 6; ++n_steps) {
    const std::uint64_t before = gate.n_arrived();
    gate.close();
    CompletionParams params = request("x", n_steps, 50);
    params.n = 6;
    params.suppress = true;
    auto listener = f.start(params);
    for (std::uint64_t i = 1; i < n_steps; ++i) {
      gate.wait_arrived(before + i);
      gate.step();
    }
    gate.wait_arrived(before + n_steps);
    CHECK(f.engine->cancel(f.last_id));
    gate.open();
    const auto result = listener->wait();
    REQUIRE(result.ok());
    REQUIRE(result->branches.size() == 6);
    for (std::uint32_t i = 0; i < 6; ++i) CHECK(listener->text(i) == result->branches[i].text);
  }
}
