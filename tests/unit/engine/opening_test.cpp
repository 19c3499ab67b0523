#include "daemon/engine/opening.h"

#include <catch2/catch.hpp>

#include "daemon/engine/words.h"

using namespace understory::engine;

namespace {

Likeness compared(std::string_view a, std::string_view b, bool a_ended = false,
                  bool b_ended = false) {
  const Likeness likeness = compare(Opening{a, a_ended}, Opening{b, b_ended});
  CHECK(compare(Opening{b, b_ended}, Opening{a, a_ended}) == likeness);
  return likeness;
}

}  // namespace

TEST_CASE("Openings are alike where their first three words are", "[unit]") {
  CHECK(compared(" the old man sat", " The old, man stood") == Likeness::kAlike);
  CHECK(compared(" the old man sat", " the old woman") == Likeness::kDifferent);
  CHECK(compared("\xC3\x89t\xC3\xA9 was hot and", "\xC3\xA9t\xC3\xA9 was hot.") ==
        Likeness::kAlike);
  CHECK(compared(" don't you see ", " don\xE2\x80\x99t you see it") == Likeness::kAlike);
}

TEST_CASE("A word that may go on decides only where it cannot", "[unit]") {
  CHECK(compared(" the old man", " the old man sat") == Likeness::kUndecided);
  CHECK(compared(" the ol", " the old") == Likeness::kUndecided);
  CHECK(compared(" the ol", " the on") == Likeness::kDifferent);
  CHECK(compared(" then ", " the") == Likeness::kUndecided);
  CHECK(compared(" the ", " then") == Likeness::kDifferent);
  CHECK(compared(" the ", "") == Likeness::kUndecided);
  CHECK(compared("\"", " the") == Likeness::kUndecided);
}

TEST_CASE("Where a text has ended its words are all there", "[unit]") {
  CHECK(compared(" the", " the ", true, false) == Likeness::kUndecided);
  CHECK(compared(" the", " the old", true, false) == Likeness::kDifferent);
  CHECK(compared(" the", " The", true, true) == Likeness::kAlike);
  CHECK(compared("", " the", true, false) == Likeness::kDifferent);
  CHECK(compared("...", "", true, true) == Likeness::kAlike);
}

TEST_CASE("Words are letters, digits and inner apostrophes, ideographs alone", "[unit]") {
  const auto words = words_of("'Don\xE2\x80\x99t!' 42 \xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82rest");
  REQUIRE(words.size() == 5);
  CHECK(words[0].folded == U"don't");
  CHECK(words[0].begins_sentence);
  CHECK(words[1].folded == U"42");
  CHECK(words[1].begins_sentence);
  CHECK(words[2].folded == U"\u4F60");
  CHECK(words[2].complete);
  CHECK_FALSE(words[3].begins_sentence);
  CHECK(words[4].begins_sentence);
  CHECK_FALSE(words[4].complete);
  CHECK_FALSE(has_word(" ...\xE2\x80\x94' \xF0\x9F\x98\x80"));
  CHECK(
      has_word("\xE2\x80\x9C"
               "a"));
}
