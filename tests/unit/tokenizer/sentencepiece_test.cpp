#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/tokenizer/slow_tokenizers.h"
#include "tests/unit/tokenizer/vocabularies.h"

using namespace understory;
using test::Token;
using tokenizer::TokenId;
using Ids = std::vector<TokenId>;

namespace {

constexpr TokenId kFirstByte = 3;
constexpr TokenId kFirst = 3 + 256;  // the first of a test's own tokens

TokenId byte_token(unsigned char byte) {
  return kFirstByte + byte;
}

// Scores fall as in a trained vocabulary, with ties and with tokens across spaces.
const std::vector<Token> kTokens{
    {"\u2581", 1, -50}, {"a", 1, -51},        {"b", 1, -52},           {"t", 1, -53},
    {"h", 1, -54},      {"e", 1, -55},        {"th", 1, -1},           {"\u2581th", 1, -3},
    {"the", 1, -2},     {"\u2581the", 1, -2}, {"ab", 1, -4},           {"ba", 1, -4},
    {"aa", 1, -5},      {"aaaa", 1, -6},      {"\u2581\u2581", 1, -7}, {"b\u2581a", 1, -1},
    {"b\u2581", 1, -8}, {"\u00e9", 1, -9},    {"e\u00e9", 1, -3},      {"\n", 1, -10}};

}  // namespace

TEST_CASE("The best score merges first, whatever is left of it", "[unit]") {
  const std::vector<Token> tokens{{"a"}, {"b"}, {"c"}, {"ab", 1, -2}, {"bc", 1, -1}};
  const auto tokenizer = test::make(test::sentencepiece(tokens, false));
  CHECK(tokenizer->encode("abc") == Ids{kFirst, kFirst + 4});
  CHECK(tokenizer->encode("ab") == Ids{kFirst + 3});
}

TEST_CASE("What is no token falls back to its bytes", "[unit]") {
  const auto tokenizer = test::make(test::sentencepiece({{"a"}, {"\u2581a"}}, false));
  CHECK(tokenizer->encode("\u4e2d") == Ids{byte_token(0xe4), byte_token(0xb8), byte_token(0xad)});
  CHECK(tokenizer->encode("a\xff") == Ids{kFirst, byte_token(0xff)});
  CHECK(tokenizer->encode(" ") == Ids{byte_token(0xe2), byte_token(0x96), byte_token(0x81)});
}

TEST_CASE("Without byte tokens what is no token is unknown", "[unit]") {
  gguf::Metadata metadata;
  metadata.set("tokenizer.ggml.model", std::string("llama"));
  metadata.set("tokenizer.ggml.add_space_prefix", false);
  test::set_tokens(metadata, {{"<unk>", test::kUnknownType}, {"<s>", 3}, {"</s>", 3}, {"a"}});
  CHECK(test::make(metadata)->encode("a!") == Ids{3, 0});
}

TEST_CASE("The space prefix is put before the text and taken off again", "[unit]") {
  const auto tokenizer = test::make(test::sentencepiece({{"\u2581"}, {"a"}, {"\u2581a"}}));
  REQUIRE(tokenizer->adds_space_prefix());
  const Ids ids = tokenizer->encode("a a");
  CHECK(ids == Ids{kFirst + 2, kFirst + 2});
  CHECK(tokenizer->decode(ids) == " a a");
  CHECK(tokenizer->decode(ids, true) == "a a");
  CHECK(tokenizer->decode(tokenizer->encode(" a"), true) == " a");
  CHECK(tokenizer->encode("").empty());
  const Ids with_bos = tokenizer->encode("a", {.add_bos = true});
  CHECK(with_bos == Ids{1, kFirst + 2});
  CHECK(tokenizer->decode(with_bos, true) == "a");
}

TEST_CASE("Without a space prefix nothing is put before and nothing taken off", "[unit]") {
  const auto tokenizer = test::make(test::sentencepiece({{"\u2581"}, {"a"}, {"\u2581a"}}, false));
  CHECK(tokenizer->encode("a a") == Ids{kFirst + 1, kFirst + 2});
  CHECK(tokenizer->decode(tokenizer->encode(" a"), true) == " a");
}

TEST_CASE("SentencePiece equals the plain rules", "[unit]") {
  const gguf::Metadata metadata = test::sentencepiece(kTokens, false);
  const auto tokenizer = test::make(metadata);
  const auto& texts = *metadata.find_strings("tokenizer.ggml.tokens");
  const std::vector<std::string> parts{"a",  "b",   "t",      "h",      "e",  " ",
                                       "th", "b a", "\u00e9", "\u4e2d", "\n", "\x80"};
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (auto n = random() % 60; n > 0; --n) text += parts[random() % parts.size()];
    std::vector<std::string> actual;
    for (const TokenId id : tokenizer->encode(text)) actual.push_back(texts[id]);
    CAPTURE(text);
    REQUIRE(actual == test::slow_sentencepiece(text, kTokens));
  }
}

TEST_CASE("Any bytes survive encoding and decoding with byte tokens", "[unit]") {
  const bool adds_space_prefix = GENERATE(false, true);
  const auto tokenizer = test::make(test::sentencepiece(kTokens, adds_space_prefix));
  std::mt19937 random(13);
  for (int round = 0; round < 200; ++round) {
    std::string text(random() % 300, '\0');
    for (char& byte : text)
      byte = static_cast<char>(random() % 3 ? "ab the\n\xc3\xa9"[random() % 9] : random());
    // The space mark itself is the one text that cannot be told from what it stands for.
    if (text.find("\u2581") != std::string::npos) continue;
    REQUIRE(tokenizer->decode(tokenizer->encode(text), true) == text);
  }
}

TEST_CASE("A megabyte of one character is encoded", "[unit]") {
  const auto tokenizer = test::make(test::sentencepiece(kTokens, false));
  const std::string unit = GENERATE(as<std::string>(), "a", " ", "\u4e2d", "\x80", "b a");
  std::string text;
  while (text.size() < 1'000'000) text += unit;
  const Ids ids = tokenizer->encode(text);
  CHECK(tokenizer->decode(ids) == text);
  if (unit == "a") CHECK(ids.size() == text.size() / 4);
}
