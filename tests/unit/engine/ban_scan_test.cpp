#include "daemon/engine/ban_scan.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "daemon/engine/random.h"
#include "daemon/engine/utf8.h"

using namespace understory::engine;

namespace {

struct Looking {
  Looking(std::vector<std::string> phrases, std::string_view before = "", bool ignore_case = true)
      : trie(phrases, ignore_case), scan(trie, before) {}
  PhraseTrie trie;
  BanScan scan;
};

}  // namespace

TEST_CASE("A phrase is found where it begins, however it is cut", "[unit]") {
  Looking l({"down her spine"});
  CHECK_FALSE(l.scan.push("ran dow"));
  CHECK(l.scan.open_from() == 4);
  CHECK_FALSE(l.scan.push("n her"));
  CHECK(l.scan.open_from() == 4);
  CHECK(l.scan.push(" spines.") == 4);
}

TEST_CASE("Text that cannot become a phrase is not held", "[unit]") {
  Looking l({"abab", "bb"});
  CHECK_FALSE(l.scan.push("xaba"));
  CHECK(l.scan.open_from() == 1);
  CHECK_FALSE(l.scan.push("x"));
  CHECK(l.scan.open_from() == 5);
  l.scan.push("ab");
  CHECK(l.scan.open_from() == 5);  // "ab" of abab, not only "b" of bb
  CHECK(l.scan.push("b") == 6);    // bb
}

TEST_CASE("Of phrases that end together the shortest counts", "[unit]") {
  Looking l({"down her spine", "spine", "her spine"});
  CHECK(l.scan.push("down her spine") == 9);
}

TEST_CASE("A phrase may begin before the cursor, but not end there", "[unit]") {
  Looking inside({"shiver"}, "a shiver");
  CHECK_FALSE(inside.scan.push("s"));
  Looking across({"a shiver"}, "and a sh");
  CHECK(across.scan.open_from() == -4);
  CHECK(across.scan.push("iver") == -4);
  Looking split({"déjà"}, "un d\xc3");
  CHECK(split.scan.push("\xa9j\xc3\xa0") == -2);
}

TEST_CASE("Case counts only where it is asked for", "[unit]") {
  CHECK(Looking({"Élan"}).scan.push("éLAN") == 0);
  CHECK_FALSE(Looking({"Élan"}, "", false).scan.push("élan"));
  CHECK(Looking({"Élan"}, "", false).scan.push("Élan") == 0);
}

TEST_CASE("What was cut is forgotten, halves of characters too", "[unit]") {
  Looking l({"é!"});
  l.scan.push("a\xc3");
  l.scan.push("b");  // the first half belongs to nothing
  l.scan.cut(2);
  CHECK(l.scan.push("\xa9!") == 1);
  l.scan.cut(0);
  CHECK_FALSE(l.scan.push("!"));
}

TEST_CASE("The scan agrees with plain search", "[unit]") {
  const std::vector<std::string> letters = {"a", "b", "é", "c"};
  int n_found = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    std::uint64_t index = 0;
    const auto roll = [&](std::uint64_t n) { return random_bits(seed, index++) % n; };
    const auto word = [&](std::uint64_t n) {
      std::string text;
      for (std::uint64_t i = 0; i < n; ++i) text += letters[roll(4)];
      return text;
    };
    std::vector<std::string> phrases;
    for (std::uint64_t i = 0; i < 5; ++i) phrases.push_back(word(2 + roll(4)));
    const std::string before = word(roll(8));
    Looking l(phrases, before);
    std::string text;
    for (int step = 0; step < 30; ++step) {
      if (roll(4) == 0) {
        text.resize(roll(text.size() + 1));
        l.scan.cut(text.size());
        continue;
      }
      std::string more = word(1);
      if (more.size() == 2 && roll(2)) more.resize(1);  // a half, which the next may not complete
      const auto found = l.scan.push(more);
      text += more;

      // By definition: the shortest phrase that ends in a whole character of `more`.
      const std::string all = before + text;
      std::optional<std::ptrdiff_t> expected;
      for (const std::string& phrase : phrases)
        if (all.ends_with(phrase)) {
          const auto begin = std::ssize(text) - std::ssize(phrase);
          expected = std::max(expected.value_or(begin), begin);
        }
      REQUIRE(found == expected);
      n_found += found.has_value();
      std::ptrdiff_t open = std::ssize(text);
      for (std::ptrdiff_t begin = -std::ssize(before); begin < std::ssize(text); ++begin) {
        const auto rest = all.substr(static_cast<std::size_t>(begin + std::ssize(before)));
        const bool is_open = std::any_of(phrases.begin(), phrases.end(), [&](const auto& phrase) {
          return phrase.starts_with(rest);
        });
        if (is_open) open = std::min(open, begin);
      }
      REQUIRE(l.scan.open_from() <= open);
      // Half a character at the end may make it wait for the other half.
      if (static_cast<unsigned char>(text.back()) != 0xC3) REQUIRE(l.scan.open_from() == open);
      if (found) {
        text.resize(text.size() - more.size());
        l.scan.cut(text.size());
      }
    }
  }
  CHECK(n_found > 100);
}
