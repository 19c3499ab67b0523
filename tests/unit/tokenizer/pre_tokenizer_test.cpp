#include "daemon/tokenizer/pre_tokenizer.h"

#include <catch2/catch.hpp>

using namespace understory;
using tokenizer::PreTokenizer;

namespace {

std::vector<std::string> words(std::string_view name, std::string_view text) {
  const auto pre_tokenizer = PreTokenizer::for_name(name);
  REQUIRE(pre_tokenizer);
  std::vector<std::string> result;
  for (const std::size_t length : pre_tokenizer->split(text)) {
    result.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  CHECK(text.empty());
  return result;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("GPT-2's words take a space along and leave the last of several", "[unit]") {
  CHECK(words("gpt-2", "We'll go,  x2 don'T\n\n end ") ==
        Words{"We", "'ll", " go", ",", " ", " x", "2", " don", "'", "T", "\n\n", " end", " "});
}

TEST_CASE("Llama 3 cuts numbers in threes and keeps line ends with what is before", "[unit]") {
  CHECK(words("llama-bpe", "12345 IT'S \"Yes.\"\n  \n x(y)\r\n") ==
        Words{"123", "45", " IT", "'S", " \"", "Yes", ".\"\n", "  \n", " x", "(y", ")\r\n"});
}

TEST_CASE("Qwen 2 makes a word of each digit", "[unit]") {
  CHECK(words("qwen2", "a 42!") == Words{"a", " ", "4", "2", "!"});
}

TEST_CASE("SmolLM cuts digits out first, so that a space before one stays with the spaces",
          "[unit]") {
  CHECK(words("smollm", "a   42 b") == Words{"a", "   ", "4", "2", " b"});
}

TEST_CASE("The default rules cut punctuation out first and numbers in threes", "[unit]") {
  CHECK(words("default", "a, (b) 12345") == Words{"a", ",", " ", "(", "b", ")", " ", "123", "45"});
  CHECK(words("", "a, b") == words("default", "a, b"));
}

TEST_CASE("White space is Unicode's, without the Mongolian vowel separator", "[unit]") {
  CHECK(words("gpt-2", "a\u3000\u00a0b") == Words{"a", "\u3000", "\u00a0", "b"});
  CHECK(words("gpt-2", "a\u180e!b") == Words{"a", "\u180e!", "b"});
}

TEST_CASE("Letters and digits that Unicode 15 added count as such", "[unit]") {
  CHECK(words("gpt-2", "a\U00031350b \U0001e4f0") == Words{"a\U00031350b", " \U0001e4f0"});
  CHECK(words("smollm", "1\U0001e4f0") == Words{"1", "\U0001e4f0"});
}

TEST_CASE("A byte that is no UTF-8 counts as a symbol and keeps its place", "[unit]") {
  CHECK(words("gpt-2", "a\xff\x80 \xe4\xb8z \xc3") ==
        Words{"a", "\xff\x80", " \xe4\xb8", "z", " \xc3"});
}

TEST_CASE("Only Llama 3's rules take whole words and ask for BOS", "[unit]") {
  for (const char* name : {"llama-bpe", "llama3", "llama-v3"}) {
    CHECK(PreTokenizer::for_name(name)->ignores_merges());
    CHECK(PreTokenizer::for_name(name)->adds_bos());
  }
  for (const char* name : {"default", "gpt-2", "qwen2", "smollm"}) {
    CHECK_FALSE(PreTokenizer::for_name(name)->ignores_merges());
    CHECK_FALSE(PreTokenizer::for_name(name)->adds_bos());
  }
}

TEST_CASE("Unknown rules are an error that names them", "[unit]") {
  const auto result = PreTokenizer::for_name("tekken");
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::kUnsupported);
  CHECK(result.error().message.find("'tekken'") != std::string::npos);
}
