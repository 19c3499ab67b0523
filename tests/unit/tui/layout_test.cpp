#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "tui/layout/block.h"
#include "tui/layout/laid_block.h"
#include "tui/layout/viewport.h"
#include "tui/layout/wrap.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

std::vector<std::string> rows_of(const std::string& text, int measure, std::size_t held = 0) {
  const std::vector<std::size_t> starts = wrap(text, measure, held);
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t end = i + 1 < starts.size() ? starts[i + 1] : text.size();
    rows.push_back(text.substr(starts[i], end - starts[i]));
  }
  return rows;
}

using Rows = std::vector<std::string>;

TEST_CASE("Rows break at spaces, hyphens, dashes and between wide characters", "[unit]") {
  CHECK(rows_of("the rain came down", 9) == Rows{"the rain ", "came down"});
  CHECK(rows_of("a well-known inn", 8) == Rows{"a well-", "known ", "inn"});
  CHECK(rows_of("stop—she said", 6) == Rows{"stop—", "she ", "said"});
  CHECK(rows_of("日本語。", 4) == Rows{"日本", "語。"});
  CHECK(rows_of("extraordinarily", 5) == Rows{"extra", "ordin", "arily"});
  CHECK(rows_of("no\u00A0break here", 8) == Rows{"no\u00A0break ", "here"});
  CHECK(rows_of("", 5) == Rows{""});
}

TEST_CASE("Spaces hang at a row's end and never begin the next", "[unit]") {
  CHECK(rows_of("four     five", 4) == Rows{"four     ", "five"});
}

TEST_CASE("No row is wider than the measure, and none is empty", "[unit]") {
  std::mt19937 random(2);
  const std::vector<std::string> pieces = {
      "a", "word", " ", " ", "-", "—", "日", "👩‍👩‍👧", "e\u0301", "\xff"};
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (std::size_t n = random() % 60; n > 0; --n) text += pieces[random() % pieces.size()];
    const int measure = 6 + static_cast<int>(random() % 20);
    std::string whole;
    for (std::string row : rows_of(text, measure)) {
      whole += row;
      REQUIRE((!row.empty() || text.empty()));
      row.erase(row.find_last_not_of(' ') + 1);
      REQUIRE(display_width(row) <= measure);
    }
    REQUIRE(whole == text);
  }
}

TEST_CASE("Ghost text does not move a typed word to the next row", "[unit]") {
  // Alone, "anno" fits in the first row; with its ending it would not.
  CHECK(rows_of("it was annoying", 11) == Rows{"it was ", "annoying"});
  CHECK(rows_of("it was annoying", 11, 11) == Rows{"it was anno", "ying"});
  const Text text("it was anno");
  const Ghost ghost{11, "ying, she\nthought"};
  const LaidBlock laid = lay(text, block_at(text, 0), 11, &ghost);
  REQUIRE(laid.rows.size() == 3);
  CHECK(laid.row_of(11) == 0);
  CHECK(laid.column_of(11) == 11);
  CHECK(laid.offset_of(laid.ghost_end) == 11);
}

TEST_CASE("What follows a ghost keeps its offsets", "[unit]") {
  const Text text("He said. Then left.");
  const Ghost ghost{8, " Nothing more."};
  const LaidBlock laid = lay(text, block_at(text, 0), 80, &ghost);
  CHECK(laid.shown == "He said. Nothing more. Then left.");
  CHECK(laid.column_of(8) == 8);
  CHECK(laid.column_of(9) == 23);
  CHECK(laid.offset_at(0, 23) == 9);
  CHECK(laid.offset_at(0, 12) == 8);  // a click on the ghost
}

TEST_CASE("A long line is laid out in blocks that cover it", "[unit]") {
  std::string line;
  while (line.size() < 200'000) line += "the quick brown fox ";
  const Text text("short\n" + line + "\nend");
  Block block = block_at(text, 6);
  std::size_t n = 0;
  std::size_t at = 6;
  while (true) {
    CHECK(block.begin == at);
    CHECK(block.end - block.begin < 17'000);
    CHECK(block_at(text, block.begin) == block);
    CHECK(block_at(text, (block.begin + block.end) / 2) == block);
    if (block.is_line_end) break;
    at = block.next;
    block = block_at(text, at);
    CHECK(block_before(text, block).next == block.begin);
    ++n;
  }
  CHECK(n > 10);
  CHECK(block.end == 6 + line.size());
}

TEST_CASE("A long line without spaces is cut between characters", "[unit]") {
  std::string line;
  while (line.size() < 100'000) line += "日";
  const Text text(line);
  for (std::size_t at = 0; at < text.size();) {
    const Block block = block_at(text, at);
    REQUIRE(block.begin == at);
    REQUIRE(block.begin % 3 == 0);
    at = block.next;
  }
}

TEST_CASE("Stepping down row by row meets every row of the text, and back up too", "[unit]") {
  std::string bytes;
  for (int i = 0; i < 40; ++i) bytes += "Some words that are wrapped at a small measure.\n\n";
  const Text text(bytes);
  RowRef ref = row_at(text, 0, 13);
  std::vector<std::size_t> down{ref.begin()};
  while (to_next_row(text, ref, 13)) down.push_back(ref.begin());
  std::vector<std::size_t> up{ref.begin()};
  while (to_previous_row(text, ref, 13)) up.push_back(ref.begin());
  CHECK(down == std::vector<std::size_t>(up.rbegin(), up.rend()));
  CHECK(down.size() == 40 * 6 + 1);
}

TEST_CASE("The view scrolls no more than it must", "[unit]") {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += "line\n";
  const Text text(bytes);
  Viewport view;
  view.resize(10, 40, 20);
  view.show(text, 5 * 5, 0, false);
  CHECK(view.top() == 0);
  view.show(text, 12 * 5, 0, false);
  CHECK(view.top() == 3 * 5);
  view.show(text, 12 * 5, 2, false);  // a suggestion of two more rows
  CHECK(view.top() == 5 * 5);
  view.show(text, 4 * 5, 0, false);
  CHECK(view.top() == 4 * 5);
  view.show(text, 50 * 5, 0, true);
  CHECK(view.top() == 45 * 5);
  view.show(text, 2 * 5, 0, true);
  CHECK(view.page(text, nullptr).blank_above == 3);
  CHECK(view.page(text, nullptr).rows.size() == 7);
}

TEST_CASE("An edit above the page keeps the page where it is", "[unit]") {
  Viewport view;
  const Text text(std::string(50, 'a') + "\n" + std::string(50, 'b') + "\n" + std::string(50, 'c'));
  view.resize(1, 100, 80);
  view.show(text, 102, 0, false);
  REQUIRE(view.top() == 102);
  view.text_changed(10, 5, 9);
  CHECK(view.top() == 106);
  view.text_changed(100, 50, 0);
  CHECK(view.top() == 100);
}

}  // namespace
}  // namespace understory::tui
