#include "daemon/engine/text_window.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace understory::engine;

namespace {

std::string paragraph(int i) {
  return "Paragraph number " + std::to_string(i) + " goes on for a while. Then it ends.";
}

std::string story(int n, const std::string& gap) {
  std::string text;
  for (int i = 0; i < n; ++i) text += paragraph(i) + gap;
  return text;
}

std::size_t n_paragraphs_after(const std::string& text, std::size_t place) {
  std::size_t n = 0;
  for (std::size_t at = text.find("Paragraph", place); at != std::string::npos;
       at = text.find("Paragraph", at + 1))
    ++n;
  return n;
}

}  // namespace

TEST_CASE("A text begins best after a blank line, a line, a sentence, a space", "[unit]") {
  CHECK(find_text_start("ab cd. ef\n\ngh", 0, 13) == 11);
  CHECK(find_text_start("ab cd. ef\r\n\r\ngh", 0, 15) == 13);
  CHECK(find_text_start("ab cd. ef\ngh", 0, 12) == 10);
  CHECK(find_text_start("ab cd. efgh", 0, 11) == 6);
  CHECK(find_text_start("ab\xE3\x80\x82"
                        "cd ef",
                        0, 10) == 5);
  CHECK(find_text_start("ab cdefgh", 1, 9) == 2);
  CHECK(find_text_start("ab\n\ncd", 4, 6) == 4);  // already there
  CHECK(find_text_start("a\xE2\x80\x94z", 2, 5) == 4);
  const std::size_t anywhere = find_text_start("abcdefgh", 3, 8);
  CHECK((anywhere >= 3 && anywhere < 8));
}

TEST_CASE("The place depends on what is before it alone", "[unit]") {
  const std::string text = story(100, "\n\n");
  const std::size_t place = find_text_start(text, 3000, 5000);
  CHECK((place >= 3000 && place <= 5000));
  for (const std::size_t cut : {500, 501, 2000}) {
    INFO(cut);
    CHECK(find_text_start(text.substr(cut), 3000 - cut, 5000 - cut) == place - cut);
  }
  CHECK(find_text_start(text + " and more", 3000, 5000) == place);
}

TEST_CASE("A range that slides over a text keeps its place for long", "[unit]") {
  const std::string text = story(400, "\n\n");
  std::set<std::size_t> places;
  const std::size_t range = 2000;
  for (std::size_t from = 1000; from < 21'000; ++from)
    places.insert(find_text_start(text, from, from + range));
  CHECK(places.size() >= 10);  // ten ranges
  CHECK(places.size() <= 25);  // two or so places in each
}

TEST_CASE("Notes go in at a paragraph's beginning, once to twice the depth from the end",
          "[unit]") {
  for (const std::string gap : {"\n\n", "\n", "\r\n\r\n"}) {
    std::set<std::size_t> places;
    std::string text;
    for (int i = 0; i < 60; ++i) {
      text += paragraph(i);
      const std::size_t place = find_insertion_place(text, 3);
      const std::size_t n_after = n_paragraphs_after(text, place);
      if (i < 3) {
        CHECK(place == 0);
      } else {
        CHECK(n_after >= 3);
        CHECK(n_after <= 6);
        CHECK(text.compare(place, 9, "Paragraph") == 0);
        places.insert(place);
      }
      text += gap;
    }
    CHECK(places.size() >= 10);
    CHECK(places.size() <= 45);
  }
}

TEST_CASE("Lines of a wrapped paragraph are no paragraphs", "[unit]") {
  const std::string text =
      "First line\nsecond line\n\nThird line\nfourth line\n\nFifth line\nsixth";
  const std::size_t place = find_insertion_place(text, 1);
  CHECK((place == text.find("Third") || place == text.find("Fifth")));
}

TEST_CASE("Where paragraphs are very long the place is not further back than the limit", "[unit]") {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "A sentence of words number " + std::to_string(i) + ". ";
  const std::size_t place = find_insertion_place(text, 3);
  CHECK(place >= text.size() - kMaxDepthBytes);
  CHECK(place <= text.size() - kMaxDepthBytes / 2);
  CHECK(text.find("A sentence", place - 1) - place <= 1);
  CHECK(find_insertion_place("Short text of one paragraph", 3) == 0);
  CHECK(find_insertion_place("", 1) == 0);
}
