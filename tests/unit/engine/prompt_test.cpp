#include "daemon/engine/prompt.h"

#include <catch2/catch.hpp>

#include "tests/unit/engine/fake_tokenizer.h"

using namespace understory::engine;
using testing::FakeTokenizer;

namespace {

const FakeTokenizer& tokenizer() {
  static const FakeTokenizer instance({"the ", " and"});
  return instance;
}

Prompt plan(std::string prefix, bool healing = false, std::uint32_t max_positions = 256,
            const FakeTokenizer& vocabulary = tokenizer()) {
  CompletionParams params;
  params.prefix = std::move(prefix);
  params.healing = healing;
  params.stop.max_tokens = 16;
  return plan_prompt(params, vocabulary, Healing(vocabulary), max_positions);
}

std::string paragraphs(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) text += "Paragraph number " + std::to_string(i) + " is here.\n\n";
  return text;
}

}  // namespace

TEST_CASE("A short prefix is encoded as it is", "[unit]") {
  const Prompt prompt = plan("the cat");
  CHECK(prompt.tokens == tokenizer().encode("the cat"));
  CHECK(prompt.dropped_tokens == 0);
  CHECK(prompt.to_heal.empty());
  CHECK(prompt.tail == "the cat");
}

TEST_CASE("BOS comes first where the tokenizer asks for it, and for an empty prefix", "[unit]") {
  const FakeTokenizer with_bos({}, true);
  CHECK(plan("a", false, 256, with_bos).tokens ==
        std::vector<std::uint32_t>{*with_bos.bos(), std::uint32_t{'a'}});
  CHECK(plan("").tokens == std::vector<std::uint32_t>{*tokenizer().bos()});
  CHECK(plan("", false, 256, with_bos).tokens == std::vector<std::uint32_t>{*with_bos.bos()});
  CHECK(plan("", true).to_heal.empty());
}

TEST_CASE("A prompt that healing empties starts from the start token", "[unit]") {
  const Prompt prompt = plan("ann", true);
  CHECK(prompt.to_heal == "ann");
  CHECK(prompt.tokens == std::vector<std::uint32_t>{*tokenizer().bos()});
}

TEST_CASE("Old text goes at a paragraph's beginning and is counted", "[unit]") {
  const std::string text = paragraphs(60);
  const auto all = tokenizer().encode(text);
  const Prompt prompt = plan(text);
  CHECK(prompt.tokens.size() <= 256 * 3 / 4);
  CHECK(prompt.tokens.size() >= 256 / 4);
  const std::string kept = tokenizer().text_of(prompt.tokens);
  CHECK(kept.starts_with("Paragraph number"));
  CHECK(text.ends_with(kept));
  CHECK(prompt.dropped_tokens == Approx(all.size() - prompt.tokens.size()).epsilon(0.05));
}

TEST_CASE("While a text grows its kept part begins at the same place for long", "[unit]") {
  std::string text = paragraphs(60);
  int n_moves = 0;
  std::string beginning;
  const int n_keys = 600;
  for (int i = 0; i < n_keys; ++i) {
    text += i % 30 == 29 ? "\n\n" : i % 6 == 5 ? " " : "x";
    const Prompt prompt = plan(text);
    const std::string kept = tokenizer().text_of(prompt.tokens);
    REQUIRE(text.ends_with(kept));
    REQUIRE(prompt.tokens.size() <= 192);
    const std::string now = std::to_string(text.size() - kept.size());
    n_moves += now != beginning;
    beginning = now;
  }
  CHECK(n_moves <= 1 + n_keys / 40);  // a quarter of the room is 47 tokens
}

TEST_CASE("A text without any boundary is cut all the same", "[unit]") {
  const Prompt prompt = plan(std::string(5000, 'x'));
  CHECK(prompt.tokens.size() <= 192);
  CHECK(prompt.tokens.size() >= 96);
  CHECK(prompt.dropped_tokens == 5000 - prompt.tokens.size());
}

TEST_CASE("A text begins best after a blank line, a line, a sentence, a space", "[unit]") {
  CHECK(find_text_start("ab cd. ef\n\ngh", 0, 13) == 11);
  CHECK(find_text_start("ab cd. ef\ngh", 0, 12) == 10);
  CHECK(find_text_start("ab cd. efgh", 0, 11) == 6);
  CHECK(find_text_start("ab cdefgh", 1, 9) == 2);
  CHECK(find_text_start("abcdefgh", 3, 8) == 3);
  CHECK(find_text_start("ab\n\ncd", 4, 6) == 4);  // already there
  CHECK(find_text_start("a\xE2\x80\x94z", 2, 5) == 4);
}
