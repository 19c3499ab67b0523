#include "daemon/engine/prompt.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/engine/fake_tokenizer.h"

using namespace understory::engine;
using testing::FakeTokenizer;

namespace {

const FakeTokenizer& tokenizer() {
  static const FakeTokenizer instance({"the ", " and"});
  return instance;
}

Prompt plan(const CompletionParams& params, const FakeTokenizer& vocabulary = tokenizer(),
            std::uint32_t max_positions = 256) {
  auto prompt = plan_prompt(params, vocabulary, Healing(vocabulary), max_positions);
  REQUIRE(prompt.ok());
  return *std::move(prompt);
}

Prompt plan(std::string prefix, bool healing = false, std::uint32_t max_positions = 256,
            const FakeTokenizer& vocabulary = tokenizer()) {
  CompletionParams params;
  params.prefix = std::move(prefix);
  params.healing = healing;
  params.stop.max_tokens = 16;
  return plan(params, vocabulary, max_positions);
}

/// What the model reads, as text.
std::string text_of(const Prompt& prompt) {
  return tokenizer().text_of(prompt.tokens);
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
  CHECK(n_moves <= 1 + 3 * n_keys / 47);  // a quarter of the room is 47 tokens
}

TEST_CASE("A text without any boundary is cut all the same", "[unit]") {
  const Prompt prompt = plan(std::string(5000, 'x'));
  CHECK(prompt.tokens.size() <= 192);
  CHECK(prompt.tokens.size() >= 96);
  CHECK(prompt.dropped_tokens == 5000 - prompt.tokens.size());
}

TEST_CASE("The last part of a text gives the prompt that the whole text gives", "[unit]") {
  const std::string text = paragraphs(200);
  const Prompt whole = plan(text);
  for (std::size_t n_bytes = 2000; n_bytes < 2100; ++n_bytes) {
    CompletionParams params;
    params.prefix = text.substr(text.size() - n_bytes);
    params.prefix_offset = text.size() - n_bytes;
    params.healing = false;
    params.stop.max_tokens = 16;
    const Prompt part = plan(params);
    REQUIRE(part.tokens == whole.tokens);
    REQUIRE(part.context.dropped_bytes == whole.context.dropped_bytes);
  }
}

TEST_CASE("A part that fits begins at the same place whatever the client cut", "[unit]") {
  const std::string text = paragraphs(200);
  std::set<std::uint64_t> beginnings;
  for (std::size_t n_bytes = 1000; n_bytes < 1030; ++n_bytes) {
    CompletionParams params;
    params.prefix = text.substr(text.size() - n_bytes);
    params.prefix_offset = text.size() - n_bytes;
    const Prompt prompt = plan(params, tokenizer(), 4096);
    beginnings.insert(prompt.context.dropped_bytes);
    CHECK(prompt.dropped_tokens > 0);
  }
  CHECK(beginnings.size() <= 3);
}

TEST_CASE("Notes stand before the text and stay when old text goes", "[unit]") {
  CompletionParams params;
  params.notes = "A sad tale.\n";
  params.prefix = "It was late.";
  CHECK(text_of(plan(params)) == "A sad tale.\n\nIt was late");
  CHECK(plan(params).to_heal == ".");
  params.prefix = paragraphs(60);
  const Prompt prompt = plan(params);
  CHECK(text_of(prompt).starts_with("A sad tale.\n\nParagraph number"));
  CHECK(prompt.tokens.size() <= 192);
  CHECK(prompt.context.notes_tokens == 13);
  CHECK(prompt.context.size == 256);
  CHECK(prompt.context.dropped_bytes > 0);
  params.prefix.clear();
  CHECK(text_of(plan(params)) == "A sad tale.\n\n");
  params.notes = " \n";
  CHECK(plan(params).context.notes_tokens == 0);
}

TEST_CASE("Notes that leave too little room for the text are refused in words", "[unit]") {
  CompletionParams params;
  params.prefix = "It was late.";
  for (const std::size_t n_bytes : {200, 100'000}) {
    params.notes = std::string(n_bytes, 'x');
    const auto refused = plan_prompt(params, tokenizer(), Healing(tokenizer()), 256);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == understory::ErrorCode::kInvalidArgument);
    CHECK_THAT(refused.error().message,
               Catch::Matchers::Contains(n_bytes == 200
                                             ? "too long: 202 tokens, and at most 95 tokens"
                                             : "too long: 100000 bytes, and at most 95 tokens"));
  }
}

TEST_CASE("Notes at a depth stand between paragraphs, and only the text is healed", "[unit]") {
  CompletionParams params;
  params.prefix = "One.\n\nTwo.\n\nThree.\n\nFour and";
  params.notes = "NOTE";
  params.notes_depth = 1;
  const std::string kept = text_of(plan(params));
  const bool before_last = kept == "One.\n\nTwo.\n\nThree.\n\nNOTE\n\nFour";
  const bool before_two = kept == "One.\n\nTwo.\n\nNOTE\n\nThree.\n\nFour";
  CHECK((before_last || before_two));
  CHECK(plan(params).to_heal == " and");
  params.notes_depth = 9;  // deeper than the text
  CHECK(text_of(plan(params)) == "NOTE\n\nOne.\n\nTwo.\n\nThree.\n\nFour");
}

TEST_CASE("Lorebook entries join at their depth when a key occurs", "[unit]") {
  CompletionParams params;
  params.lorebook = {{{"Ann"}, "Ann is the maid."}, {{"Bob"}, "Bob is the cook."}};
  params.lorebook_depth = 1;
  params.healing = false;
  params.prefix = "One.\nTwo.\nBob came in.\nThen";
  const Prompt prompt = plan(params);
  CHECK(prompt.context.lorebook == std::vector<std::uint32_t>{1});
  CHECK(prompt.context.lorebook_tokens == 15);
  CHECK_THAT(text_of(prompt), Catch::Matchers::Contains("\n\nBob is the cook.\n\n"));
  CHECK_THAT(text_of(prompt), Catch::Matchers::StartsWith("One.\nTwo.\n"));
  params.prefix = "One.\nBob saw Ann.\nThen";
  CHECK_THAT(text_of(plan(params)),
             Catch::Matchers::Contains("\n\nAnn is the maid.\nBob is the cook.\n\n"));
  params.prefix = "One.\nAnnie and Bobby.\nThen";
  CHECK(text_of(plan(params)) == params.prefix);
  CHECK(plan(params).context.lorebook.empty());
}

TEST_CASE("Lorebook entries beyond their room are left out and named", "[unit]") {
  CompletionParams params;
  params.lorebook = {
      {{"Ann"}, std::string(30, 'a')}, {{"Ann"}, std::string(300, 'b')}, {{"Ann"}, "short"}};
  params.prefix = "Ann came.";
  const Prompt prompt = plan(params);
  CHECK(prompt.context.lorebook == std::vector<std::uint32_t>{0, 2});
  CHECK(prompt.context.lorebook_left_out == std::vector<std::uint32_t>{1});
}

TEST_CASE("An entry that comes or goes leaves the prompt's beginning as it was", "[unit]") {
  CompletionParams params;
  params.lorebook = {{{"Ann"}, "Ann is the maid."}};
  params.healing = false;
  params.prefix = paragraphs(300) + "There she was";
  const Prompt without = plan(params);
  params.prefix += ", Ann of course";
  const Prompt with = plan(params);
  CHECK(without.context.lorebook.empty());
  CHECK(with.context.lorebook.size() == 1);
  CHECK(with.context.dropped_bytes == without.context.dropped_bytes);
  std::size_t common = 0;
  while (common < without.tokens.size() && with.tokens[common] == without.tokens[common]) ++common;
  CHECK(without.tokens.size() - common <= 7 * 28);  // six paragraphs and the last
  CHECK(common > 0);
}

TEST_CASE("A tiny context with notes and a lorebook still has room for text", "[unit]") {
  CompletionParams params;
  params.prefix = paragraphs(20) + "It was late";
  params.notes = "Sad.";
  params.lorebook = {{{"Paragraph"}, std::string(100, 'a')}};
  params.healing = false;
  params.stop.max_tokens = 1;
  for (const std::uint32_t max_positions : {32u, 48u, 64u, 96u}) {
    INFO(max_positions);
    const Prompt prompt = plan(params, tokenizer(), max_positions);
    CHECK(prompt.tokens.size() < max_positions);
    CHECK(text_of(prompt).ends_with("late"));
  }
}
