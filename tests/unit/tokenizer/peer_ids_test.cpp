// Ids that llama-server's /tokenize gave (llama.cpp as in Debian sid, package 1:0.7.0), kept in
// fixtures/. scripts/compare-tokenizer --refresh renews them.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/unit/tokenizer/vocabularies.h"

using namespace understory;
using nlohmann::json;

namespace {

json read_fixture(const std::string& name) {
  std::ifstream file(FIXTURES_DIR "/" + name);
  REQUIRE(file);
  return json::parse(file);
}

void check_cases(const tokenizer::Tokenizer& tokenizer, const json& cases) {
  REQUIRE(cases.size() > 20);
  for (const json& one : cases) {
    const auto text = one.at("text").get<std::string>();
    INFO(json(text).dump());
    CHECK(tokenizer.encode(text) == one.at("ids").get<std::vector<tokenizer::TokenId>>());
  }
}

}  // namespace

TEST_CASE("The bundled vocabulary gives llama-server's tokens under every pre-tokenizer",
          "[unit]") {
  const json fixture = read_fixture("bundled_model.json");
  const auto pre = GENERATE(as<std::string>(), "gpt-2", "default", "smollm", "llama-bpe", "qwen2");
  INFO(pre);
  gguf::Metadata metadata = test::bundled_model();
  metadata.set("tokenizer.ggml.pre", pre);
  check_cases(*test::make(metadata), fixture.at(pre));
}

TEST_CASE("A SentencePiece vocabulary gives llama-server's tokens with and without space prefix",
          "[unit]") {
  const json fixture = read_fixture("sentencepiece.json");
  std::vector<test::Token> tokens;
  for (const json& token : fixture.at("vocabulary")) {
    tokens.push_back({token.at("text"), token.at("type"), token.at("score")});
  }
  gguf::Metadata metadata;
  metadata.set("tokenizer.ggml.model", std::string("llama"));
  test::set_tokens(metadata, tokens);
  SECTION("with, as by default") {
    const auto tokenizer = test::make(metadata);
    CHECK(tokenizer->adds_space_prefix());
    check_cases(*tokenizer, fixture.at("space prefix"));
  }
  SECTION("without") {
    metadata.set("tokenizer.ggml.add_space_prefix", false);
    const auto tokenizer = test::make(metadata);
    CHECK_FALSE(tokenizer->adds_space_prefix());
    check_cases(*tokenizer, fixture.at("no space prefix"));
  }
}
