#include "daemon/engine/samplers/logit_edits.h"

#include "daemon/engine/random.h"
#include "daemon/engine/samplers/dry.h"
#include "daemon/engine/samplers/logit_bias.h"
#include "daemon/engine/samplers/penalties.h"
#include "tests/unit/engine/fake_tokenizer.h"
#include "tests/unit/engine/samplers/sampler_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;
using understory::model::Candidate;

namespace {

std::vector<std::uint32_t> bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

/// What penalties or DRY do to a token's logit after a text.
template <class Stage>
float edited(const Stage& stage, std::string_view text, char token, float logit,
             const FakeTokenizer& tokenizer = FakeTokenizer()) {
  LogitEdits edits;
  stage.edit(tokenizer.encode(text), tokenizer, edits);
  return edits.apply({static_cast<std::uint32_t>(token), logit});
}

}  // namespace

TEST_CASE("Penalties count what occurred in the window", "[unit]") {
  const Penalties repeat(PenaltyParams{.repeat = 2, .window = 3});
  CHECK(edited(repeat, "xabc", 'a', 4) == 2);
  CHECK(edited(repeat, "xabc", 'a', -4) == -8);
  CHECK(edited(repeat, "xabc", 'x', 4) == 4);  // before the window
  CHECK(edited(repeat, "xabc", 'z', 4) == 4);
  const Penalties counted(PenaltyParams{.frequency = 0.5f, .presence = 0.25f, .window = 8});
  CHECK(edited(counted, "aab", 'a', 1) == Approx(1 - 2 * 0.5 - 0.25));
  CHECK(edited(counted, "aab", 'b', 1) == Approx(1 - 0.5 - 0.25));
  CHECK(edited(counted, "aab", 'c', 1) == 1);
  const Penalties off(PenaltyParams{.repeat = 2, .window = 0});
  CHECK(edited(off, "aaaa", 'a', 4) == 4);
}

TEST_CASE("The length of the repetition that each token would prolong", "[unit]") {
  const auto lengths = [](std::string_view text, std::string_view breaks) {
    std::vector<bool> flags;
    for (const char c : text) flags.push_back(breaks.find(c) != std::string_view::npos);
    return repetition_lengths(bytes(text), flags);
  };
  //                    x a b c x a b c d a b c: what follows "abc", "xabc" ... repeated at the end
  CHECK(lengths("abcdabc", "") == std::vector<std::uint32_t>{0, 0, 0, 3, 0, 0, 0});
  CHECK(lengths("aaaa", "") == std::vector<std::uint32_t>{0, 1, 2, 3});
  CHECK(lengths("a\nbca\nb", "\n") == std::vector<std::uint32_t>{0, 0, 0, 1, 0, 0, 0});
  CHECK(lengths("abzab\n", "\n") == std::vector<std::uint32_t>(6, 0));
  CHECK(lengths("", "").empty());
}

TEST_CASE("Repetition lengths agree with the definition", "[unit]") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto n = static_cast<std::uint32_t>(random_bits(seed, 0) % 40);
    std::vector<std::uint32_t> tokens;
    std::vector<bool> breaks;
    for (std::uint32_t i = 0; i < n; ++i) {
      tokens.push_back(static_cast<std::uint32_t>(random_bits(seed, 10 + i) % 3));
      breaks.push_back(random_bits(seed, 100 + i) % 12 == 0);
    }
    const auto lengths = repetition_lengths(tokens, breaks);
    for (std::uint32_t i = 0; i < n; ++i) {
      std::uint32_t length = 0;
      while (length < i && !breaks[n - 1 - length] &&
             tokens[i - 1 - length] == tokens[n - 1 - length])
        ++length;
      CHECK(lengths[i] == length);
    }
  }
}

TEST_CASE("DRY lowers what would prolong a repetition, the more the longer it is", "[unit]") {
  const DryParams params{.multiplier = 0.5f, .base = 2, .allowed_length = 2, .window = 100};
  const Dry dry(params);
  CHECK(edited(dry, "abcdzabc", 'd', 0) == -0.5f * 2);    // abc: 3
  CHECK(edited(dry, "wabcdzwabc", 'd', 0) == -0.5f * 4);  // wabc: 4
  CHECK(edited(dry, "bcdzabc", 'd', 0) == -0.5f);         // bc: 2
  CHECK(edited(dry, "cdzabc", 'd', 0) == 0);              // c: 1 is allowed
  CHECK(edited(dry, "abcdzabc", 'z', 0) == 0);
  CHECK(edited(dry, "abcdzabcexabc", 'd', 0) == edited(dry, "abcdzabcexabc", 'e', 0));
  CHECK(edited(dry, std::string(90, 'a'), 'a', 0) == -1e6f);  // bounded
}

TEST_CASE("No repetition runs across a breaker, also one of several tokens", "[unit]") {
  DryParams params{.multiplier = 1, .base = 2, .allowed_length = 2, .window = 100};
  params.breakers = {"\n", "--"};
  const Dry dry(params);
  CHECK(edited(dry, "ab\ncdzab\nc", 'd', 0) == 0);
  CHECK(edited(dry, "ab--cdzab--c", 'd', 0) == 0);
  CHECK(edited(dry, "ab-cdzab-c", 'd', 0) < 0);
  CHECK(edited(dry, "abc\nzabc", '\n', 0) == 0);  // a breaker itself is left alone
  const FakeTokenizer joined({"c-", "-d"});
  CHECK(edited(dry, "abc--dezab", 'c', 0, joined) == 0);
  params.window = 5;
  CHECK(edited(Dry(params), "abcdzabc", 'd', 0) == 0);
}

TEST_CASE("A logit bias is added, and -100 forbids", "[unit]") {
  const FakeTokenizer tokenizer({"cat", " cat", "dog"});
  const auto resolved = resolve_bias({{{}, "cat", 2}, {'x', "", -100}}, tokenizer);
  REQUIRE(resolved.ok());
  LogitEdits edits;
  add_bias(*resolved, edits);
  CHECK(edits.apply({tokenizer.id_of("cat"), 1}) == 3);
  CHECK(edits.apply({tokenizer.id_of(" cat"), 1}) == 3);
  CHECK(edits.apply({tokenizer.id_of("dog"), 1}) == 1);
  CHECK(edits.apply({'x', 1}) == -INFINITY);
}

TEST_CASE("A bias on what is no token says what there is", "[unit]") {
  const FakeTokenizer tokenizer({"cat"});
  const auto text = resolve_bias({{{}, "cats", 2}}, tokenizer);
  REQUIRE_FALSE(text.ok());
  CHECK(text.error().message ==
        "logit_bias: no single token spells 'cats'; its tokens are 'cat' (256), 's' (115)");
  const auto id = resolve_bias({{999, "", 2}}, tokenizer);
  REQUIRE_FALSE(id.ok());
  CHECK(id.error().message == "logit_bias: there is no token 999; the vocabulary has 259");
}

TEST_CASE("Edits of a whole distribution", "[unit]") {
  LogitEdits edits;
  edits.at(3).forbidden = true;
  edits.at(2).bias = std::log(2.0f);  // 0.1 becomes 0.2
  check(edits.of_all(four()), {{1, 3.0 / 7}, {0, 2.0 / 7}, {2, 2.0 / 7}});
}

TEST_CASE("Edits of a partial list keep what nothing unseen outranks", "[unit]") {
  const std::vector<Candidate> all = four();
  const model::TopLogits top{{all[3], all[1], all[0]}, 0};  // 0.4 0.3 0.2, unseen: token 2
  LogitEdits lowered;
  lowered.at(3).subtract = std::log(8.0f);  // 0.4 becomes 0.05, below what may be unseen
  const Distribution d = lowered.of_top(top);
  check(d, {{1, 0.3 / 0.65}, {0, 0.2 / 0.65}});
  CHECK(d.normalised);
  CHECK_FALSE(d.complete);

  LogitEdits raised;
  raised.at(2).bias = std::log(1.6f);  // unseen: at most 0.2 before, so at most 0.32 now
  const Distribution r = raised.of_top(top);
  REQUIRE(r.tokens.size() == 1);
  CHECK(r.tokens[0].token == 3);
  CHECK_FALSE(r.normalised);

  LogitEdits unseen;
  unseen.at(2).subtract = 1;  // cannot rise; what all add up to is not known
  CHECK(unseen.of_top(top).tokens.size() == 3);
  CHECK_FALSE(unseen.of_top(top).normalised);
}
