#include "daemon/engine/lorebook.h"

#include <catch2/catch.hpp>

using namespace understory::engine;

namespace {

bool fires(const std::string& key, const std::string& text) {
  return !entries_called_for({{{key}, "x"}}, text).empty();
}

}  // namespace

TEST_CASE("A key is found as a whole word, in any case", "[unit]") {
  CHECK(fires("Ann", "Then ann came."));
  CHECK(fires("ann", "ANN!"));
  CHECK(fires("Ann", "Ann's hat"));
  CHECK(fires("Ann", "\"Ann,\" he said"));
  CHECK_FALSE(fires("Ann", "Anne came."));
  CHECK_FALSE(fires("Ann", "Joann came."));
  CHECK_FALSE(fires("Ann", "Ann1 "));
  CHECK_FALSE(fires("Ann", ""));
}

TEST_CASE("A word that ends the text may go on and does not count yet", "[unit]") {
  CHECK_FALSE(fires("Ann", "There was Ann"));
  CHECK(fires("Ann", "There was Ann "));
  CHECK(fires("Ann", "There was Ann."));
  CHECK(fires("Ann!", "There was Ann!"));
}

TEST_CASE("Keys of several words match across line breaks and apostrophes", "[unit]") {
  CHECK(fires("Red Keep", "at the red\n  keep, "));
  CHECK(fires("O'Brien",
              "It was O\xE2\x80\x99"
              "Brien."));
  CHECK(fires(" Ann ", "so Ann, said"));
}

TEST_CASE("Case and composition of other scripts do not matter", "[unit]") {
  CHECK(fires("\xC3\x89lise", "said \xC3\xA9lise."));   // É, é
  CHECK(fires("\xC3\x89lise", "said E\xCC\x81lise."));  // decomposed
  CHECK(
      fires("stra\xC3\x9F"
            "e",
            "STRASSE "));
  CHECK(fires("\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD", "\xD0\xB8\xD0\xB2\xD0\xB0\xD0\xBD, "));
  CHECK_FALSE(fires("Elise", "\xC3\x89lise came"));
  CHECK_FALSE(fires("lise", "\xC3\xA9lise came"));
}

TEST_CASE("Scripts without spaces are searched inside a run of letters", "[unit]") {
  const std::string alice = "\xE3\x82\xA2\xE3\x83\xAA\xE3\x82\xB9";  // アリス
  CHECK(fires(alice, "\xE6\x98\xA8\xE6\x97\xA5" + alice + "\xE3\x81\xAF"));
  CHECK(fires(alice, alice));
  const std::string anna = "\xEC\x95\x88\xEB\x82\x98";  // 안나, with a particle
  CHECK(fires(anna, anna + "\xEB\x8A\x94 "));
}

TEST_CASE("Bytes that are no text neither match nor harm", "[unit]") {
  CHECK(fires("Ann", "\xFF\xFE Ann \xE2\x80"));
  CHECK_FALSE(fires("Ann", "\xFF\xFE"));
  CHECK(fold_for_search("A\xFF B") == "a\xEF\xBF\xBD b");
}

TEST_CASE("Only the last part of the text is searched, from a word's beginning", "[unit]") {
  const std::string far(kLorebookWindowBytes, '.');
  CHECK_FALSE(fires("Ann", "Ann " + far));
  CHECK(fires("Ann", far + " Ann "));
  // "Joann" cut by the window's edge is no "ann".
  CHECK_FALSE(fires("ann", "Joann" + far.substr(3)));
  CHECK(fires("ann", "Jo ann " + far.substr(5)));
}

TEST_CASE("Entries are named in the lorebook's order", "[unit]") {
  const std::vector<LorebookEntry> lorebook = {
      {{"cat", "hound"}, ""}, {{"dog"}, ""}, {{"Bob", "dog", "cat"}, ""}};
  CHECK(entries_called_for(lorebook, "a cat and ") == std::vector<std::uint32_t>{0, 2});
  CHECK(entries_called_for(lorebook, "a dog.") == std::vector<std::uint32_t>{1, 2});
  CHECK(entries_called_for({}, "a dog.").empty());
}
