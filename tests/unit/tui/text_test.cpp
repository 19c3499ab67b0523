#include "tui/text/text.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

namespace understory::tui {
namespace {

const std::vector<std::string> kPieces = {"a",
                                          " ",
                                          "\n",
                                          "\r\n",
                                          "word ",
                                          "don't",
                                          "é",
                                          "—",
                                          "日本",
                                          "👩‍👩‍👧",
                                          "\xff",
                                          "\xe2\x80",
                                          "The rain came. "};

std::string random_bytes(std::mt19937& random, std::size_t n_pieces) {
  std::string out;
  for (std::size_t i = 0; i < n_pieces; ++i) out += kPieces[random() % kPieces.size()];
  return out;
}

void require_same(const Text& text, const std::string& model, std::mt19937& random) {
  REQUIRE(text.size() == model.size());
  REQUIRE(text.n_lines() ==
          static_cast<std::size_t>(std::count(model.begin(), model.end(), '\n')) + 1);
  for (int i = 0; i < 4; ++i) {
    const std::size_t at = random() % (model.size() + 1);
    const std::size_t length = std::min<std::size_t>(random() % 3000, model.size() - at);
    REQUIRE(text.substr(at, length) == model.substr(at, length));
    const std::size_t line = text.line_of(at);
    REQUIRE(line == static_cast<std::size_t>(std::count(
                        model.begin(), model.begin() + static_cast<std::ptrdiff_t>(at), '\n')));
    const std::size_t feed = at == 0 ? std::string::npos : model.rfind('\n', at - 1);
    REQUIRE(text.line_start(line) == (feed == std::string::npos ? 0 : feed + 1));
  }
}

TEST_CASE("A text stays equal to a plain string through random edits", "[unit]") {
  std::mt19937 random(7);
  for (int round = 0; round < 8; ++round) {
    std::string model = random_bytes(random, round % 2 == 0 ? 5 : 20'000);
    Text text(model);
    for (int i = 0; i < 400; ++i) {
      const std::size_t at = random() % (model.size() + 1);
      if (random() % 3 == 0) {
        const std::size_t n = std::min<std::size_t>(random() % 400, model.size() - at);
        model.erase(at, n);
        text = text.erase(at, n);
      } else {
        const std::string bytes = random_bytes(random, random() % 50 == 0 ? 2000 : 3);
        model.insert(at, bytes);
        text = text.insert(at, bytes);
      }
      require_same(text, model, random);
    }
    REQUIRE(text.str() == model);
    // AVL: at most 1.44 log2 of the number of leaves.
    REQUIRE(text.check_invariants() < 32);
  }
}

TEST_CASE("An older text is not touched by edits of a newer one", "[unit]") {
  const std::string bytes = "The sea was calm.\n";
  const Text before(bytes);
  const Text after = before.insert(4, "old ").erase(0, 4);
  CHECK(before.str() == bytes);
  CHECK(after.str() == "old sea was calm.\n");
}

TEST_CASE("Typing a book and deleting it again keeps the rope shallow", "[unit]") {
  Text text;
  for (int i = 0; i < 50'000; ++i) text = text.insert(text.size(), i % 80 == 79 ? "\n" : "x");
  CHECK(text.check_invariants() <= 12);
  CHECK(text.n_lines() == 626);
  while (!text.empty()) text = text.erase(text.size() - 1, 1);
  CHECK(text.check_invariants() == 0);
}

TEST_CASE("Lines end before their line feed, whichever it is", "[unit]") {
  const Text text("one\r\ntwo\n\nfour");
  CHECK(text.line(0) == "one");
  CHECK(text.line(1) == "two");
  CHECK(text.line(2).empty());
  CHECK(text.line(3) == "four");
  CHECK(text.line_start(4) == text.size());
  CHECK(Text("\r\n").line_end(0) == 0);
}

TEST_CASE("Words are counted as writers count them", "[unit]") {
  CHECK(Text("").n_words() == 0);
  CHECK(Text("It was, in the end, well-known: don’t ask.").n_words() == 8);
  CHECK(Text("the door—the one she’d shut—was open").n_words() == 8);
  CHECK(Text(" -- ... \n").n_words() == 0);
  CHECK(Text("日本語").n_words() == 3);
  CHECK(Text("2 apples\n\n3 pears").n_words() == 4);
}

TEST_CASE("Counting by pieces gives what counting at once gives", "[unit]") {
  std::mt19937 random(3);
  const std::vector<std::string> whole = {"a", " ", "\n", "b'", "—", "é", "-", "日", "word ", "’"};
  std::string model;
  Text text;
  for (int i = 0; i < 3000; ++i) {
    // At a character's edge.
    std::size_t at = random() % (model.size() + 1);
    while (at < model.size() && (static_cast<unsigned char>(model[at]) & 0xC0) == 0x80) ++at;
    const std::string piece = whole[random() % whole.size()] + whole[random() % whole.size()];
    model.insert(at, piece);
    text = text.insert(at, piece);
  }
  CHECK(text.n_words() == count_words(model).words);
  std::size_t begin = 1000;
  while ((static_cast<unsigned char>(model[begin]) & 0xC0) == 0x80) ++begin;
  CHECK(text.n_words_in(begin, model.size() - begin) == count_words(model.substr(begin)).words);
}

TEST_CASE("Texts compare by bytes", "[unit]") {
  const std::string bytes(5000, 'x');
  const Text a(bytes);
  CHECK(a == Text(bytes));
  CHECK(a == a.insert(100, "y").erase(100, 1));
  CHECK_FALSE(a == a.insert(100, "y"));
  CHECK_FALSE(a == a.replace(4999, 1, "y"));
}

}  // namespace
}  // namespace understory::tui
