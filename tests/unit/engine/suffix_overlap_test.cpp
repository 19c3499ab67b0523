#include "daemon/engine/suffix_overlap.h"

#include <catch2/catch.hpp>

#include "daemon/engine/random.h"

using namespace understory::engine;

namespace {

/// What is left of `text`, generated a byte at a time, with an end after it. Fails where
/// something was safe that then goes.
std::string kept(std::string_view text, std::string_view suffix, std::string_view before = "x") {
  const SuffixOverlap overlap(suffix);
  std::size_t safe = 0;
  for (std::size_t size = 1; size <= text.size(); ++size) {
    const StopScan scan = overlap.scan(before, text.substr(0, size));
    CHECK(scan.safe <= size);
    if (scan.end) {
      CHECK(*scan.end >= safe);
      const std::size_t end =
          std::max(safe, overlap.trimmed_end(before, text.substr(0, *scan.end)));
      return std::string(text.substr(0, end)) + "|";
    }
    safe = std::max(safe, scan.safe);
  }
  const std::size_t end = overlap.trimmed_end(before, text);
  CHECK(end >= safe);
  return std::string(text.substr(0, end));
}

bool held(std::string_view text, std::string_view suffix) {
  return SuffixOverlap(suffix).scan("x", text).safe < text.size();
}

}  // namespace

TEST_CASE("A suggestion ends where it meets the suffix", "[unit]") {
  const std::string_view suffix = " and then she left.";
  CHECK(kept(" opened the door and then she ran", suffix) == " opened the door|");
  CHECK(kept(" opened the door and then he ran", suffix) == " opened the door and then he ran");
  CHECK(kept(" and then she left.", suffix) == "|");
  // Fewer than three words: all of them.
  CHECK(kept(" in the old house again", " house") == " in the old|");
  CHECK(kept(" in the old houses again", " house") == " in the old houses again");
}

TEST_CASE("A suffix that ends a sentence or closes a quote is met there", "[unit]") {
  CHECK(kept(" the door. He ran", ". The next day") == " the door|");
  CHECK(kept(" Mr. Smith. He ran", ". The next day") == " Mr. Smith|");
  CHECK(kept(" was 3.5 miles away. He", ".") == " was 3.5 miles away|");
  CHECK(kept(" am leaving,\" he said", "\"\nHe turned") == " am leaving,|");
  CHECK(kept(" don't know' he said", "' she said") == " don't know|");
  CHECK(kept(" left (or so) and", ")") == " left (or so|");
}

TEST_CASE("Whatever ends a suggestion, it does not say what the suffix says", "[unit]") {
  CHECK(kept(" the old door and", " and then") == " the old door");
  CHECK(kept(" the old door and then", " and then she left.") == " the old door");
  CHECK(kept("the old door ", " and then") == "the old door");
  CHECK(kept("the old door \n", " and then") == "the old door");
  CHECK(kept("left quickly and", "and then") == "left quickly ");
  CHECK(kept(" the end.", ".") == " the end");
  CHECK(kept(" said \"go\"", "\" and") == " said \"go");
  CHECK(kept("caf\xC3\xA9 \xE2\x80\x94", " \xE2\x80\x94 and") == "caf\xC3\xA9");
}

TEST_CASE("Parts of words are no overlap", "[unit]") {
  CHECK(kept(" the cat", "tomato") == " the cat");
  CHECK(kept(" the cat", "at last") == " the cat");
  CHECK(kept(" a the", " then") == " a the");
  CHECK(kept("nd then", "nd then", "a") == "nd then");  // the cursor stands in "and"
  CHECK(kept("\xE4\xBD\xA0\xE5\xA5\xBD", "\xE5\xA5\xBD\xE3\x80\x82") ==
        "\xE4\xBD\xA0");  // 你好|好。
}

TEST_CASE("White space is equal to white space", "[unit]") {
  CHECK(kept(" the door\nand then she ran", " and  then\nshe left") == " the door|");
  // The prefix has the space already.
  CHECK(kept("and then she", " and then she left.", "opened ") == "");
  CHECK(kept("word", " and", "opened ") == "word");
  // A suffix of spaces is not met; it only takes the space at the end.
  CHECK(kept(" the old door ", "\n") == " the old door");
  CHECK(kept(" the old door", "  ") == " the old door");
}

TEST_CASE("Only what could be an overlap is held back", "[unit]") {
  CHECK_FALSE(held(" the old door", " and then"));
  CHECK(held(" the old door a", " and then"));
  CHECK(held(" the old door and", " and then"));
  CHECK_FALSE(held(" the old door any", " and then"));
  CHECK_FALSE(held(" anything", ""));
}

TEST_CASE("A long suffix is cut between characters", "[unit]") {
  std::string suffix;
  while (suffix.size() < 600) suffix += "\xE4\xBD\xA0";
  CHECK(kept("\xE5\xA5\xBD", suffix) == "\xE5\xA5\xBD");
}

TEST_CASE("Nothing that was safe to show is taken back, whatever the texts", "[unit]") {
  const std::string_view parts[] = {" ", "a", "b", " a", "\n", ".", "\"", " b a", "'", "\xC3\xA9"};
  const auto random_text = [&](std::uint64_t seed, std::size_t n) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i) text += parts[random_bits(seed, i) % std::size(parts)];
    return text;
  };
  int n_changed = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const std::string text = random_text(seed, 12);
    const std::string result =
        kept(text, random_text(seed + 10000, 1 + seed % 6), seed % 2 ? "x" : " ");
    n_changed += result != text;
  }
  CHECK(n_changed > 1000);
}
