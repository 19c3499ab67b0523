#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "tests/unit/tokenizer/slow_tokenizers.h"
#include "tests/unit/tokenizer/vocabularies.h"

using namespace understory;
using tokenizer::TokenId;
using Ids = std::vector<TokenId>;

namespace {

constexpr std::size_t kBigBytes = 1'000'000;

std::string text_of(std::mt19937& random, std::size_t n) {
  const std::vector<std::string> parts{"a",    "b",    "t",  "h",        "e",
                                       " ",    " ",    "  ", "\n",       "'",
                                       "'s",   "'ll",  "1",  "\xc3\xa9", "\xe4\xb8\xad",
                                       "\x80", "\xff", "!"};
  std::string text;
  for (std::size_t i = 0; i < n; ++i) text += parts[random() % parts.size()];
  return text;
}

std::string random_bytes(std::mt19937& random, std::size_t n) {
  std::string bytes(n, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace

TEST_CASE("Merges apply by rank, the leftmost of equals first", "[unit]") {
  const auto tokenizer = test::make(test::byte_level({"a a", "b c", "a b", "aa a"}));
  CHECK(tokenizer->encode("aaa") == Ids{259});
  CHECK(tokenizer->encode("aaaaa") == Ids{256, 259});
  CHECK(tokenizer->encode("abc") == Ids{'a', 257});
  CHECK(tokenizer->encode("ab") == Ids{258});
  CHECK(tokenizer->encode("").empty());
}

TEST_CASE("A merge into a text that is no token falls apart into bytes", "[unit]") {
  gguf::Metadata metadata = test::byte_level({}, {{"abc"}});
  const std::vector<std::string> merges{"a b", "\u00c3 \u00a9", "ab c"};
  metadata.set("tokenizer.ggml.merges", gguf::Array(merges));
  const auto tokenizer = test::make(metadata);
  CHECK(tokenizer->encode("ab") == Ids{'a', 'b'});
  CHECK(tokenizer->encode("abc") == Ids{256});
  CHECK(tokenizer->encode("\xc3\xa9") == Ids{0xc3, 0xa9});
}

TEST_CASE("Llama 3's rules take a word that is a token, whatever the merges say", "[unit]") {
  const std::vector<test::Token> further{{"\u0120night"}};
  CHECK(test::make(test::byte_level({}, further, "llama3"))->encode("a night") == Ids{'a', 256});
  CHECK(test::make(test::byte_level({}, further, "qwen2"))->encode(" n") == Ids{' ', 'n'});
  CHECK(test::make(test::byte_level({}, further, "qwen2"))->encode("a night").size() == 7);
}

TEST_CASE("Byte-pair encoding equals the plain rules, for bytes that are no UTF-8 too", "[unit]") {
  const std::vector<std::string> merges{"t h",
                                        "\u0120 a",
                                        "th e",
                                        "\u00c3 \u00a9",
                                        "\u0120 \u0120",
                                        "a b",
                                        "\u0120 the",
                                        "' s",
                                        "\u00e4 \u00b8",
                                        "b b",
                                        "\u0122 \u00ff",
                                        "l l",
                                        "\u00e4\u00b8 \u0143",
                                        "e \u00c3\u00a9"};
  const gguf::Metadata metadata = test::byte_level(merges);
  const auto tokenizer = test::make(metadata);
  const auto& texts = *metadata.find_strings("tokenizer.ggml.tokens");
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const std::string text = text_of(random, random() % 60);
    std::vector<std::string> expected;
    for (const std::string& word : test::slow_gpt2_words(text)) {
      for (const std::string& symbol : test::slow_merge(word, merges)) expected.push_back(symbol);
    }
    std::vector<std::string> actual;
    for (const TokenId id : tokenizer->encode(text)) actual.push_back(texts[id]);
    CAPTURE(text);
    REQUIRE(actual == expected);
  }
}

TEST_CASE("Any bytes survive encoding and decoding with a byte-level vocabulary", "[unit]") {
  gguf::Metadata metadata = test::bundled_model();
  metadata.set("tokenizer.ggml.pre",
               GENERATE(as<std::string>(), "gpt-2", "default", "llama-bpe", "qwen2", "smollm"));
  const auto tokenizer = test::make(metadata);
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    const std::string text =
        round % 2 ? random_bytes(random, random() % 300) : text_of(random, random() % 300);
    const Ids ids = tokenizer->encode(text);
    for (const TokenId id : ids) REQUIRE(id < tokenizer->vocab_size());
    REQUIRE(tokenizer->decode(ids) == text);
  }
}

TEST_CASE("Every token of the bundled model has a piece, and all bytes are covered", "[unit]") {
  const auto tokenizer = test::make(test::bundled_model());
  std::vector<bool> covered(256, false);
  for (TokenId id = 0; id < tokenizer->vocab_size(); ++id) {
    const std::string_view piece = tokenizer->piece(id);
    CHECK(piece.empty() == tokenizer->is_control(id));
    if (piece.size() == 1) covered[static_cast<unsigned char>(piece[0])] = true;
  }
  CHECK(std::count(covered.begin(), covered.end(), true) == 256);
  CHECK(tokenizer->description() == "gpt2/gpt-2");
}

TEST_CASE("A megabyte without a word boundary is encoded and decoded", "[unit]") {
  const auto tokenizer = test::make(
      test::byte_level({"a a", "aa aa", "\u0120 \u0120", "\u0120\u0120 \u0120\u0120"}, {},
                       GENERATE(as<std::string>(), "gpt-2", "llama-bpe", "smollm", "default")));
  const std::string unit = GENERATE(as<std::string>(), " ", "a", "-", "\n", " \n", "\xff", "1");
  std::string text;
  while (text.size() < kBigBytes) text += unit;
  const Ids ids = tokenizer->encode(text);
  CHECK(tokenizer->decode(ids) == text);
  if (unit == "a") CHECK(ids.size() == text.size() / 4);
}

TEST_CASE("Threads share a tokenizer", "[unit]") {
  const auto tokenizer = test::make(test::bundled_model());
  std::mt19937 random(3);
  const std::string text = text_of(random, 2000);
  const Ids expected = tokenizer->encode(text);
  std::vector<Ids> results(4);
  std::vector<std::thread> threads;
  for (Ids& result : results) {
    threads.emplace_back([&] { result = tokenizer->encode(text); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Ids& result : results) CHECK(result == expected);
}
