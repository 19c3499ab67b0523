#include <catch2/catch.hpp>
#include <limits>

#include "tests/unit/tokenizer/vocabularies.h"

using namespace understory;
using tokenizer::Tokenizer;

namespace {

void check_refused(const gguf::Metadata& metadata, ErrorCode code, std::string_view named) {
  const auto result = Tokenizer::from_gguf(metadata);
  REQUIRE_FALSE(result);
  INFO(result.error().message);
  CHECK(result.error().code == code);
  CHECK(result.error().message.find(named) != std::string::npos);
}

template <class T>
void check_refused_with(std::string key, T value, std::string_view named) {
  gguf::Metadata metadata = test::byte_level({"a b"});
  metadata.set(std::move(key), std::move(value));
  check_refused(metadata, ErrorCode::kBadModel, named);
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("Metadata without a tokenizer are refused", "[unit]") {
  check_refused({}, ErrorCode::kBadModel, "tokenizer.ggml.model");
}

TEST_CASE("Other tokenizers are named", "[unit]") {
  gguf::Metadata metadata = test::byte_level({});
  metadata.set("tokenizer.ggml.model", std::string("bert"));
  check_refused(metadata, ErrorCode::kUnsupported, "'bert'");
  check_refused(test::byte_level({}, {}, "tekken"), ErrorCode::kUnsupported, "'tekken'");
}

TEST_CASE("Bad token lists are refused", "[unit]") {
  check_refused_with("tokenizer.ggml.tokens", std::string("a"), "tokenizer.ggml.tokens");
  check_refused_with("tokenizer.ggml.tokens", gguf::Array(Strings{}), "empty");
  check_refused_with("tokenizer.ggml.tokens", gguf::Array(Strings{"a", "b", "a"}), "token 2");
  check_refused_with("tokenizer.ggml.tokens", gguf::Array(Strings{std::string(100'000, 'x')}),
                     "100000");
}

TEST_CASE("Types and scores that do not fit the tokens are refused", "[unit]") {
  check_refused_with("tokenizer.ggml.token_type", gguf::Array(std::vector<std::int64_t>{1}),
                     "token_type");
  check_refused_with("tokenizer.ggml.token_type", std::uint64_t{1}, "token_type");
  check_refused_with("tokenizer.ggml.scores", gguf::Array(std::vector<double>{1}), "scores");
  check_refused_with("tokenizer.ggml.scores", gguf::Array(Strings{"x"}), "scores");
  const std::vector<double> no_numbers(1000, std::numeric_limits<double>::quiet_NaN());
  check_refused_with("tokenizer.ggml.scores", gguf::Array(no_numbers), "score");
}

TEST_CASE("Bad merges are refused", "[unit]") {
  check_refused_with("tokenizer.ggml.merges", std::string("a b"), "merges");
  const auto merge = GENERATE(as<std::string>(), "", " ", "ab", "a ", " ab");
  CAPTURE(merge);
  check_refused_with("tokenizer.ggml.merges", gguf::Array(Strings{"a b", merge}), "element 1");
}

TEST_CASE("Special tokens outside the vocabulary are refused", "[unit]") {
  const auto key = GENERATE(as<std::string>(), "tokenizer.ggml.bos_token_id",
                            "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                            "tokenizer.ggml.fim_pad_token_id", "tokenizer.ggml.unknown_token_id");
  check_refused_with(key, std::uint64_t{100'000}, key);
  check_refused_with(key, std::int64_t{-1}, key);
  check_refused_with(key, std::string("x"), key);
}

TEST_CASE("BOS that is to be added but does not exist is refused", "[unit]") {
  check_refused_with("tokenizer.ggml.add_bos_token", true, "bos_token_id");
  check_refused_with("tokenizer.ggml.add_bos_token", std::string("yes"), "add_bos_token");
}

TEST_CASE("A byte token that names no byte is refused", "[unit]") {
  const auto text = GENERATE(as<std::string>(), "<0xG0>", "<0x0>", "0x0A", "<0x0A", "<0x00A>");
  check_refused(test::sentencepiece({{text, test::kByteType}}), ErrorCode::kBadModel,
                "byte token 259");
}

TEST_CASE("Odd but harmless vocabularies are taken", "[unit]") {
  gguf::Metadata metadata =
      test::byte_level({"a b", "a b", "x y"}, {{""}, {"?!", 99}, {"free", 5}});
  metadata.set("tokenizer.ggml.merges", gguf::Array(Strings{"a b", "a b", "nowhere tobefound"}));
  SECTION("empty, unused and undefined tokens add no text") {
    metadata = test::byte_level({"a b"}, {{""}, {"?!", 99}, {"free", test::kUnusedType}});
    const auto tokenizer = test::make(metadata);
    for (tokenizer::TokenId id = 257; id < tokenizer->vocab_size(); ++id) {
      CHECK(tokenizer->piece(id).empty());
    }
    CHECK(tokenizer->encode("ab free?!").size() == 1 + 5 + 2);
  }
  SECTION("a vocabulary of one token") {
    gguf::Metadata tiny;
    tiny.set("tokenizer.ggml.model", std::string("gpt2"));
    tiny.set("tokenizer.ggml.merges", gguf::Array(Strings{}));
    test::set_tokens(tiny, {{"a"}});
    const auto tokenizer = test::make(tiny);
    CHECK(tokenizer->encode("banana").size() == 3);
    CHECK_FALSE(tokenizer->bos());
  }
}
