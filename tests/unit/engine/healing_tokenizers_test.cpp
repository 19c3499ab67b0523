// Token healing with every kind of tokenizer, on texts that end in awkward places.
#include <catch2/catch.hpp>
#include <random>

#include "daemon/engine/healing.h"
#include "tests/unit/tokenizer/vocabularies.h"

using namespace understory;
using engine::Healing;
using engine::HealingCut;
using test::Token;
using tokenizer::TokenId;
using tokenizer::Tokenizer;

namespace {

const std::vector<std::string> kEndings{
    "",
    " ",
    "   ",
    "\n",
    "\n\n",
    " \n",
    "\r\n",
    "\t",  // spaces and line breaks
    "ann",
    " ann",
    " annoy",
    "an annoying",
    "annoyin",
    "x",
    "'",  // inside and after words
    "don\u2019",
    "don\u2019t",
    "\u201cSo",
    "he said\u2014",
    "\u2014 ",
    "wait\u2026",
    "end. ",
    "\u65e5\u672c",
    "\u65e5\u672c\u8a9e ",
    "caf\u00e9",
    "e\u0301",
    "\U0001F469\u200D\U0001F469\u200D\U0001F467",
    "\U0001F469\u200D",
    "\U0001F3F4",
    "\xE2\x80",
    " \xF0\x9F\x91",
    "\xC3",
    "a\xFF",
    "\x80\x80",  // inside characters, and none
    "</s>",
    "<s>",
    "<|endoftext|>",
    "<0x0A>",
    "\u2581",
    "<note>",
    "<not",
    "a<note>b",
    std::string("a\0b", 3),
    "antidisestablishmentarianismantidisestablishmentarianism",
};

std::vector<Token> pieces() {
  std::vector<Token> tokens{{"<note>", test::kUserDefinedType}};
  float score = -1;
  for (const char* text : {"\u2581a",
                           "nn",
                           "\u2581an",
                           "\u2581ann",
                           "oy",
                           "in",
                           "ing",
                           "oying",
                           "\u2581annoy",
                           "\u2581annoying",
                           "\u2581the",
                           "\u2581",
                           "\u2581\u2581",
                           "a",
                           "n",
                           "o",
                           "y",
                           "i",
                           "g",
                           "t",
                           "h",
                           "e",
                           "s",
                           "d",
                           "x",
                           ".",
                           "\n",
                           "\u2014",
                           "\u65e5",
                           "\u201c"})
    tokens.push_back({text, test::kNormalType, score--});
  return tokens;
}

struct Kind {
  std::string name;
  std::unique_ptr<Tokenizer> tokenizer;
};

std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  kinds.push_back({"the bundled model's", test::make(test::bundled_model())});
  kinds.push_back({"byte-level, user-defined token",
                   test::make(test::byte_level({"a n", "an n", "o y", "\u0120 a", "\u0120a n"},
                                               {{"<note>", test::kUserDefinedType}}))});
  kinds.push_back(
      {"SentencePiece with space prefix", test::make(test::sentencepiece(pieces(), true))});
  kinds.push_back({"SentencePiece without", test::make(test::sentencepiece(pieces(), false))});
  return kinds;
}

std::string join(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
  std::string text;
  for (const TokenId id : ids) text += tokenizer.piece(id);
  return text;
}

/// A model's likeliest token where it may be its own spelling: one at random that spells the
/// beginning of `rest`, or none.
std::optional<TokenId> any_own(const Healing& healing, const Tokenizer& tokenizer,
                               std::string_view rest, std::mt19937& rng) {
  std::vector<TokenId> heads;
  for (TokenId token = 0; token < static_cast<TokenId>(tokenizer.vocab_size()); ++token)
    if (healing.spells_part(token, rest)) heads.push_back(token);
  const std::size_t i = rng() % (heads.size() + 1);
  return i < heads.size() ? std::optional(heads[i]) : std::nullopt;
}

/// Spells `rest` with allowed tokens drawn at random; what the last one adds is the suggestion.
std::string spell(const Healing& healing, const Tokenizer& tokenizer, std::string rest,
                  std::mt19937& rng) {
  std::string spelled;
  while (!rest.empty()) {
    const auto allowed = healing.allowed(rest, any_own(healing, tokenizer, rest, rng));
    REQUIRE_FALSE(allowed.empty());
    const std::string piece(tokenizer.piece(allowed[rng() % allowed.size()]));
    REQUIRE_FALSE(piece.empty());
    spelled += piece;
    rest.erase(0, piece.size());
  }
  return spelled;
}

}  // namespace

TEST_CASE("Healing is byte-exact with every tokenizer", "[unit]") {
  std::mt19937 rng(4);
  for (const Kind& kind : all_kinds()) {
    const Tokenizer& tokenizer = *kind.tokenizer;
    const Healing healing(tokenizer);
    for (const std::string before : {"", "So ", "It was\n\n"}) {
      for (const std::string& ending : kEndings) {
        INFO(kind.name << ": " << before << ending);
        const auto tokens = tokenizer.encode(before + ending);
        const HealingCut cut = healing.cut(tokens);
        const std::string kept = join(tokenizer, std::span(tokens).first(cut.n_kept));
        REQUIRE(kept + cut.removed == join(tokenizer, tokens));
        CHECK(tokens.size() - cut.n_kept <= Healing::kMaxTokens);
        CHECK((tokens.empty() || !cut.removed.empty()));
        for (int i = 0; i < 5; ++i)
          CHECK(spell(healing, tokenizer, cut.removed, rng).starts_with(cut.removed));
      }
    }
  }
}

TEST_CASE("The tokens that were removed are a way to spell them again", "[unit]") {
  // So that healing need not decode more tokens than it removed.
  for (const Kind& kind : all_kinds()) {
    const Healing healing(*kind.tokenizer);
    for (const std::string& ending : kEndings) {
      INFO(kind.name << ": " << ending);
      const auto tokens = kind.tokenizer->encode("So " + ending);
      const HealingCut cut = healing.cut(tokens);
      std::string rest = cut.removed;
      for (const TokenId token : std::span(tokens).subspan(cut.n_kept)) {
        const auto allowed = healing.allowed(rest, token);
        CHECK(std::find(allowed.begin(), allowed.end(), token) != allowed.end());
        rest.erase(0, kind.tokenizer->piece(token).size());
      }
      CHECK(rest.empty());
    }
  }
}

TEST_CASE("Inside SentencePiece text a word without a space is split as it stands there",
          "[unit]") {
  // "\nannoy": encoded alone, "annoy" would get a space of its own before it.
  const auto tokenizer = test::make(test::sentencepiece(pieces(), true));
  const Healing healing(*tokenizer);
  const auto tokens = tokenizer->encode("\nannoy");
  const HealingCut cut = healing.cut(tokens);
  CHECK(cut.removed == "annoy");
  const auto allowed = healing.allowed(cut.removed, tokens[cut.n_kept]);
  CHECK(std::find(allowed.begin(), allowed.end(), tokens[cut.n_kept]) != allowed.end());
}
