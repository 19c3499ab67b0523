#include "daemon/engine/healing.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/engine/fake_tokenizer.h"

using namespace understory::engine;
using testing::FakeTokenizer;

namespace {

const FakeTokenizer& tokenizer() {
  static const FakeTokenizer instance(
      {" ann", " an", " annoying", "oy", "noying", "ing", " the", ", ", "\n\n"});
  return instance;
}

/// `own`: the next token of the model's own spelling.
std::set<std::string> allowed(std::string_view rest, std::string_view own = {}) {
  std::set<std::string> pieces;
  const auto id_of_own = own.empty() ? std::nullopt : std::optional(tokenizer().id_of(own));
  for (const auto id : Healing(tokenizer()).allowed(rest, id_of_own))
    pieces.insert(std::string(tokenizer().piece(id)));
  return pieces;
}

HealingCut cut(std::string_view text) {
  return Healing(tokenizer()).cut(tokenizer().encode(text));
}

}  // namespace

TEST_CASE("The piece table finds every token that begins with given bytes", "[unit]") {
  const PieceTable table(tokenizer());
  for (const std::string_view bytes : {" an", " ", "o", "noy", "zz", "\xFF", "\n"}) {
    std::set<std::uint32_t> expected;
    for (std::uint32_t id = 0; id < tokenizer().vocab_size(); ++id)
      if (!tokenizer().piece(id).empty() && tokenizer().piece(id).starts_with(bytes))
        expected.insert(id);
    const auto found = table.starting_with(bytes);
    CHECK(std::set<std::uint32_t>(found.begin(), found.end()) == expected);
  }
  REQUIRE(table.spelling(" an").size() == 1);
  CHECK(tokenizer().piece(table.spelling(" an")[0]) == " an");
  CHECK(table.spelling("zz").empty());
}

TEST_CASE("The cut goes back to where the last word begins", "[unit]") {
  CHECK(cut("so ann").removed == " ann");
  CHECK(cut("so ann").n_kept == 2);
  CHECK(cut("so annoy").removed == " annoy");  // " ann" and "oy"
  CHECK(cut("so annoy").n_kept == 2);
  CHECK(cut("so ").removed == " ");
  CHECK(cut("so w").removed == " w");  // two tokens: the space is the word's
  CHECK(cut("so  ").removed == " ");
  CHECK(cut("a\nw").removed == "w");
  CHECK(cut("end.").removed == ".");
  CHECK(cut("a\n\n").removed == "\n\n");
  CHECK(cut("").removed == "");
  CHECK(cut("").n_kept == 0);
}

TEST_CASE("A word of many tokens loses its last token only", "[unit]") {
  CHECK(cut("abcdefgh").removed == "abcdefgh");
  CHECK(cut("abcdefghi").removed == "i");
  CHECK(cut("abcdefghi").n_kept == 8);
}

TEST_CASE("A split character is taken back whole, with the space before it", "[unit]") {
  CHECK(cut("x \xE2\x80").removed == " \xE2\x80");
  CHECK(cut("x\xE2\x80").removed == "x\xE2\x80");
  CHECK(cut("x \xF0\x9F\x98").removed == " \xF0\x9F\x98");
}

TEST_CASE("Tokens that begin with all of the removed bytes are allowed", "[unit]") {
  CHECK(allowed("ing") == std::set<std::string>{"ing"});
  CHECK(allowed(" ann") == std::set<std::string>{" ann", " annoying"});
  CHECK(allowed(" a") == std::set<std::string>{" ann", " an", " annoying"});
  CHECK(allowed(" annoy") == std::set<std::string>{" annoying"});
}

TEST_CASE("A token that spells a beginning is allowed as the model's own spelling", "[unit]") {
  CHECK(allowed(" annoy", " ann") == std::set<std::string>{" ann", " annoying"});
  CHECK(allowed(" ann", " an") == std::set<std::string>{" an", " ann", " annoying"});
  CHECK(allowed(" annoyx", " an") == std::set<std::string>{" an", " ann"});
  CHECK(allowed(" annoyx", " ann") == std::set<std::string>{" ann"});
}

TEST_CASE("A token covers bytes or spells a part of them", "[unit]") {
  const Healing healing(tokenizer());
  const auto covers = [&](std::string_view piece, std::string_view rest) {
    return healing.covers(tokenizer().id_of(piece), rest);
  };
  const auto spells_part = [&](std::string_view piece, std::string_view rest) {
    return healing.spells_part(tokenizer().id_of(piece), rest);
  };
  CHECK(covers(" annoying", " annoy"));
  CHECK(covers(" ann", " ann"));
  CHECK_FALSE(covers(" an", " ann"));
  CHECK(spells_part(" an", " ann"));
  CHECK_FALSE(spells_part(" ann", " ann"));
  CHECK_FALSE(spells_part(" the", " ann"));
  CHECK_FALSE(spells_part(" an", ""));
  CHECK_FALSE(healing.covers(*tokenizer().eos(), ""));
  CHECK_FALSE(healing.spells_part(*tokenizer().eos(), "<"));
}

TEST_CASE("Where no token begins with all of the bytes they are spelled by several", "[unit]") {
  CHECK(allowed("oyx") == std::set<std::string>{"oy"});
  CHECK(allowed(" annoyx") == std::set<std::string>{" ann"});
  CHECK(allowed(std::string_view("\0x", 2)) == std::set<std::string>{std::string(1, '\0')});
}
