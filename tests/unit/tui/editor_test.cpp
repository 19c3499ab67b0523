#include "tui/editor/editor.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "temp_folder.h"
#include "tui/editor/outline.h"
#include "tui/editor/search.h"

namespace understory::tui {
namespace {

struct Page {
  explicit Page(const std::string& bytes) {
    write_file(folder / "a.md", bytes);
    document = Document::open(folder / "a.md", {folder / "state", false}).value_or_throw();
    editor.emplace(*document);
    editor->set_view(40, 10);
  }
  std::string text() const { return document->text().str(); }
  void type(const std::string& bytes, const SmartTyping& smart = {}) {
    for (const char c : bytes) editor->type({&c, 1}, smart);
  }

  TempFolder folder;
  std::unique_ptr<Document> document;
  std::optional<Editor> editor;
};

TEST_CASE("Moving by character steps over what a reader sees as one", "[unit]") {
  Page page("a👩‍👩‍👧e\u0301\r\nb");
  Editor& e = *page.editor;
  int steps = 0;
  while (e.caret() < e.text().size()) {
    e.move(Motion::kRight, false);
    ++steps;
  }
  CHECK(steps == 5);
  e.move_to(3);  // inside the family
  CHECK(e.caret() == 1);
}

TEST_CASE("Up and down keep the column across short rows", "[unit]") {
  Page page("a long first line\nab\nanother long line");
  Editor& e = *page.editor;
  e.move_to(10);
  e.move(Motion::kDown, false);
  CHECK(e.caret() == 20);
  e.move(Motion::kDown, false);
  CHECK(e.caret() == 31);
  e.move(Motion::kUp, false);
  e.move(Motion::kUp, false);
  CHECK(e.caret() == 10);
  e.move(Motion::kUp, false);
  CHECK(e.caret() == 0);
}

TEST_CASE("Words, sentences and paragraphs are where a writer sees them", "[unit]") {
  const std::string bytes =
      "Mr. Hale didn't wait. \u201CGo!\u201D she said.\n\nNight\u2014at last.";
  Page page(bytes);
  Editor& e = *page.editor;
  e.move(Motion::kWordRight, false);
  CHECK(e.caret() == 2);
  e.move(Motion::kWordRight, false);
  e.move(Motion::kWordRight, false);
  CHECK(e.caret() == bytes.find(" wait"));
  e.move(Motion::kWordLeft, false);
  CHECK(e.caret() == bytes.find("didn't"));
  e.move_to(0);
  e.move(Motion::kSentenceRight, false);
  CHECK(e.caret() == bytes.find("\u201CGo"));
  e.move(Motion::kSentenceRight, false);
  CHECK(e.caret() == bytes.find("\n\n"));
  e.move(Motion::kParagraphDown, false);
  CHECK(e.caret() == bytes.find("Night"));
  e.move(Motion::kSentenceLeft, false);
  CHECK(e.caret() == bytes.find("\u201CGo"));
  e.move(Motion::kTextEnd, false);
  e.move(Motion::kParagraphUp, false);
  CHECK(e.caret() == bytes.find("Night"));
}

TEST_CASE("Typing is undone by the word, and a paste at once", "[unit]") {
  Page page("");
  page.type("one two");
  page.editor->insert(" three\r\nfour");
  CHECK(page.text() == "one two three\nfour");
  page.editor->undo();
  CHECK(page.text() == "one two");
  page.editor->undo();
  CHECK(page.text() == "one ");
  page.editor->undo();
  CHECK(page.text().empty());
  CHECK_FALSE(page.editor->undo());
  page.editor->redo();
  CHECK(page.text() == "one ");
}

TEST_CASE("Enter and paste write the file's own line ends", "[unit]") {
  Page page("a\r\nb\r\n");
  page.editor->enter();
  page.editor->insert("x\ny");
  CHECK(page.text() == "\r\nx\r\nya\r\nb\r\n");
  page.editor->move_to(2);
  page.editor->erase_left();
  CHECK(page.text() == "x\r\nya\r\nb\r\n");
}

TEST_CASE("Smart typing is taken back by one undo", "[unit]") {
  Page page("");
  page.type("\"It's here--now...\"", {true, true});
  CHECK(page.text() == "\u201CIt\u2019s here\u2014now\u2026\u201D");
  page.editor->undo();
  CHECK(page.text() == "\u201CIt\u2019s here\u2014now\u2026\"");
  Page rule("");
  rule.type("---\n", {true, true});
  CHECK(rule.text() == "---\n");
}

TEST_CASE("A selection is replaced, cut and extended", "[unit]") {
  Page page("one two three");
  Editor& e = *page.editor;
  e.move_to(4);
  e.move(Motion::kWordRight, true);
  CHECK(e.copy() == "two");
  page.type("2");
  CHECK(page.text() == "one 2 three");
  e.select_all();
  CHECK(e.cut() == "one 2 three");
  CHECK(page.text().empty());
}

TEST_CASE("Random keys keep the caret on a character's edge", "[unit]") {
  std::mt19937 random(9);
  Page page("The e\u0301nd 👩‍👩‍👧 of it.\r\n\r\n日本 \xff text. And more?\n");
  Editor& e = *page.editor;
  for (int i = 0; i < 3000; ++i) {
    const auto motion = static_cast<Motion>(random() % 16);
    switch (random() % 12) {
      case 0:
        e.type("x", {});
        break;
      case 1:
        e.type("\u0301", {});
        break;
      case 2:
        e.erase_left();
        break;
      case 3:
        e.erase_word_right();
        break;
      case 4:
        e.undo();
        break;
      case 5:
        e.enter();
        break;
      case 6:
        e.insert("日本 \xF0\x9F\x98\x80. ");
        break;
      default:
        e.move(motion, random() % 3 == 0);
        break;
    }
    REQUIRE(e.caret() <= e.text().size());
    REQUIRE(e.selection().end <= e.text().size());
    e.text().check_invariants();
  }
}

TEST_CASE("Searching finds plain text, words and expressions", "[unit]") {
  const Text text("The cat. the Cattle; THE END, 3.50 (thé)");
  const auto find = [&](const Query& query, std::size_t from) {
    return Search::compile(query).value_or_throw().next(text, from, true).value_or_throw();
  };
  CHECK(find({"the", false, false, false}, 1)->begin == 9);
  CHECK(find({"the", false, true, false}, 0)->begin == 9);
  CHECK(find({"CAT", false, false, true}, 0)->begin == 4);
  CHECK_FALSE(find({"attl", false, false, true}, 0).has_value());
  CHECK(find({"3.5", false, false, false}, 0).has_value());
  CHECK_FALSE(find({"3x5", false, false, false}, 0).has_value());
  CHECK(find({"\\bT\\w+", true, true, false}, 1)->begin == 21);
  CHECK(find({"THÉ", false, false, false}, 0)->size() == 4);
  CHECK(find({"The", false, true, false}, 20)->begin == 0);  // around the end
  CHECK(Search::compile({"(", true, false, false}).error().code == ErrorCode::kInvalidArgument);
  const Search the = Search::compile({"the", false, false, false}).value_or_throw();
  CHECK(the.count(text).value_or_throw() == 3);
  CHECK((*the.previous(text, 9, true).value_or_throw()).begin == 0);
  CHECK((*the.previous(text, 0, true).value_or_throw()).begin == 21);
}

TEST_CASE("Replacing everywhere is one step, with captures in expressions", "[unit]") {
  Page page("a1 b2\na3");
  const Search search = Search::compile({"([a-z])(\\d)", true, false, false}).value_or_throw();
  const Search::Replaced replaced =
      search.replace_all(page.document->text(), "$2${1}!").value_or_throw();
  CHECK(replaced.n_replaced == 3);
  page.editor->replace_all(replaced.text);
  CHECK(page.text() == "1a! 2b!\n3a!");
  page.editor->undo();
  CHECK(page.text() == "a1 b2\na3");
  const Search plain = Search::compile({"a", false, false, false}).value_or_throw();
  CHECK(plain.replace_all(Text("aa $1"), "$1").value_or_throw().text.str() == "$1$1 $1");
}

TEST_CASE("An expression that never ends gives up", "[unit]") {
  const Search search = Search::compile({"(a+)+[bc]", true, false, false}).value_or_throw();
  const Text text(std::string(200, 'a'));
  CHECK(search.next(text, 0, false).error().code == ErrorCode::kUnsupported);
}

TEST_CASE("The outline has headings with their words", "[unit]") {
  const std::vector<Heading> h =
      headings_of(Text("intro\n# One #\ntwo words\n#notone\n### Deep\r\nx\n"));
  REQUIRE(h.size() == 2);
  CHECK(h[0].title == "One");
  CHECK(h[0].n_words == 4);
  CHECK(h[1].level == 3);
  CHECK(h[1].title == "Deep");
}

TEST_CASE("Words by day count what was added that day", "[unit]") {
  constexpr std::int64_t kDay = 86'400'000;
  const std::vector<WordsRecord> log = {
      {10 * kDay, 1000}, {10 * kDay + 5, 1200}, {11 * kDay + 3, 1150}, {13 * kDay, 1150}};
  const std::vector<DayWords> days = words_by_day(log, 1300, 13 * kDay + 9, 0);
  REQUIRE(days.size() == 3);
  CHECK(days[0].n_words == 200);
  CHECK(days[1].n_words == -50);
  CHECK(days[2].day == 13);
  CHECK(days[2].n_words == 150);
  // Half past eleven at night in New York is the next day in Greenwich.
  CHECK(words_by_day({{kDay + 4 * 3'600'000, 5}}, 9, kDay + 4 * 3'600'000, -5 * 3600)[0].day == 0);
}

}  // namespace
}  // namespace understory::tui
