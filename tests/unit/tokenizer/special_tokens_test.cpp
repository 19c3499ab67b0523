#include <catch2/catch.hpp>

#include "tests/unit/tokenizer/vocabularies.h"

using namespace understory;
using test::Token;
using tokenizer::TokenId;
using Ids = std::vector<TokenId>;

namespace {

constexpr TokenId kFirst = 256;  // the first token after the bytes

gguf::Metadata with_specials() {
  return test::byte_level({}, {{"<|im_end|>", test::kControlType},
                               {"<tag>", test::kUserDefinedType},
                               {"<tag>s", test::kUserDefinedType},
                               {"<odd>", test::kUnknownType},
                               {"\n\n", test::kUserDefinedType},
                               {"</s>", test::kUserDefinedType}});
}

Ids bytes(std::string_view text) {
  Ids ids;
  for (const char byte : text) ids.push_back(static_cast<unsigned char>(byte));
  return ids;
}

Ids join(std::initializer_list<Ids> parts) {
  Ids all;
  for (const Ids& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

TEST_CASE("User-defined tokens are always matched, the longest first", "[unit]") {
  const auto tokenizer = test::make(with_specials());
  CHECK(tokenizer->encode("a<tag>b<tag>s") ==
        join({bytes("a"), {kFirst + 1}, bytes("b"), {kFirst + 2}}));
  CHECK(tokenizer->encode("\n\n\n") == join({{kFirst + 4}, bytes("\n")}));
  CHECK(tokenizer->encode("<tag") == bytes("<tag"));
}

TEST_CASE("Control and unknown tokens are matched on request only", "[unit]") {
  const auto tokenizer = test::make(with_specials());
  const std::string text = "a<|im_end|><odd>";
  CHECK(tokenizer->encode(text) == bytes(text));
  CHECK(tokenizer->encode(text, {.parse_special = true}) == Ids{'a', kFirst, kFirst + 3});
}

TEST_CASE("Control tokens add nothing to a text, user-defined ones what they say", "[unit]") {
  const auto tokenizer = test::make(with_specials());
  CHECK(tokenizer->is_control(kFirst));
  CHECK(tokenizer->piece(kFirst).empty());
  CHECK(tokenizer->piece(kFirst + 1) == "<tag>");
  CHECK(tokenizer->decode(Ids{'a', kFirst, kFirst + 4, 'b'}) == "a\n\nb");
}

TEST_CASE("Well-known texts end a generation and are control tokens", "[unit]") {
  gguf::Metadata metadata = with_specials();
  metadata.set("tokenizer.ggml.eos_token_id", std::uint64_t{'.'});
  metadata.set("tokenizer.ggml.eot_token_id", std::uint64_t{';'});
  const auto tokenizer = test::make(metadata);
  CHECK(tokenizer->is_end_of_generation(kFirst));
  CHECK(tokenizer->is_end_of_generation(kFirst + 5));
  CHECK(tokenizer->is_control(kFirst + 5));
  CHECK(tokenizer->encode("</s>") == bytes("</s>"));
  CHECK(tokenizer->is_end_of_generation('.'));
  CHECK(tokenizer->is_end_of_generation(';'));
  CHECK_FALSE(tokenizer->is_end_of_generation(kFirst + 1));
  CHECK_FALSE(tokenizer->is_end_of_generation('a'));
  CHECK(tokenizer->eos() == TokenId{'.'});
}

TEST_CASE("A repository's name ends a generation, other fill-in tokens do not", "[unit]") {
  const auto tokenizer =
      test::make(test::byte_level({}, {{"<reponame>"}, {"<fim_prefix>"}, {"<fim_pad>"}}));
  CHECK(tokenizer->is_end_of_generation(kFirst));
  CHECK_FALSE(tokenizer->is_end_of_generation(kFirst + 1));
  CHECK(tokenizer->is_control(kFirst + 1));
  CHECK(tokenizer->is_end_of_generation(kFirst + 2));
}

TEST_CASE("Where calls have their own ends, <|end|> only closes a frame", "[unit]") {
  const std::vector<Token> frame{
      {"<|end|>", 3}, {"<|return|>", 3}, {"<|call|>", 3}, {"<|start|>", 3}};
  const auto tokenizer = test::make(test::byte_level({}, frame));
  CHECK_FALSE(tokenizer->is_end_of_generation(kFirst));
  CHECK(tokenizer->is_end_of_generation(kFirst + 1));
  CHECK(tokenizer->is_end_of_generation(kFirst + 2));
  CHECK(tokenizer->encode("<|end|><|start|><|call|>").size() == 2 + 8);
}

TEST_CASE("BOS is added on request where the metadata ask for it", "[unit]") {
  gguf::Metadata metadata = with_specials();
  metadata.set("tokenizer.ggml.bos_token_id", std::uint64_t{kFirst});
  CHECK(test::make(metadata)->encode("a", {.add_bos = true}) == Ids{'a'});
  metadata.set("tokenizer.ggml.add_bos_token", true);
  const auto tokenizer = test::make(metadata);
  CHECK(tokenizer->adds_bos());
  CHECK(tokenizer->bos() == kFirst);
  CHECK(tokenizer->encode("a", {.add_bos = true}) == Ids{kFirst, 'a'});
  CHECK(tokenizer->encode("", {.add_bos = true}) == Ids{kFirst});
  CHECK(tokenizer->encode("a") == Ids{'a'});
}

TEST_CASE("SentencePiece has Llama's BOS and EOS unless the file says otherwise", "[unit]") {
  gguf::Metadata metadata = test::sentencepiece({{"a"}});
  CHECK(test::make(metadata)->bos() == TokenId{1});
  CHECK(test::make(metadata)->eos() == TokenId{2});
  CHECK(test::make(metadata)->adds_bos());
  metadata.set("tokenizer.ggml.add_bos_token", false);
  CHECK_FALSE(test::make(metadata)->adds_bos());
}

TEST_CASE("After a token that was cut out SentencePiece prefixes a space again", "[unit]") {
  const auto tokenizer = test::make(
      test::sentencepiece({{"\u2581"}, {"a"}, {"\u2581a"}, {"<tag>", test::kUserDefinedType}}));
  constexpr TokenId kOwn = 259;
  CHECK(tokenizer->encode("a<tag>a") == Ids{kOwn + 2, kOwn + 3, kOwn + 2});
}

TEST_CASE("Phi-3's special tokens take the white space after them along", "[unit]") {
  gguf::Metadata metadata = test::sentencepiece({{"a"}, {"<tag>", test::kUserDefinedType}}, false);
  metadata.set("general.name", std::string("Phi-3 mini"));
  CHECK(test::make(metadata)->encode("<tag> \n a") == Ids{260, 259});
  CHECK(test::make(metadata)->encode("<s> a", {.parse_special = true}).front() == 1);
  CHECK(test::make(metadata)->encode("<s> a", {.parse_special = true}).size() == 1 + 3 + 1);
}
