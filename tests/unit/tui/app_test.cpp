// The desk without a terminal: keys in, frames out.
#include <catch2/catch.hpp>
#include <string>

#include "temp_folder.h"
#include "tui/app/text_area.h"
#include "tui/app/workspace.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

Settings plain_settings() {
  Settings settings;
  settings.spelling = "off";
  return settings;
}

struct Desk {
  explicit Desk(const std::string& bytes, int rows = 10, int columns = 40,
                Settings settings = plain_settings()) {
    write_file(folder / "a.md", bytes);
    desk.emplace(Document::open(folder / "a.md", {folder / "state", false}).value_or_throw(),
                 std::move(settings), link);
    desk->resize(rows, columns);
  }
  void press(const std::string& name) { desk->handle(parse_key(name).value()); }
  void type(const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      const Decoded d = decode_utf8(bytes, at);
      desk->handle(Key{d.code_point, 0});
      at += d.length;
    }
  }
  std::string screen() {
    const Frame frame = desk->draw();
    std::string out;
    for (int row = 0; row < frame.rows(); ++row) out += frame.row_text(row) + "\n";
    return out;
  }
  bool shows(const std::string& text) { return screen().find(text) != std::string::npos; }

  TempFolder folder;
  DaemonLink link{{folder / "no.sock", {}}};
  std::optional<Workspace> desk;
};

TEST_CASE("Typing shows on the page, with the caret behind it", "[unit]") {
  Desk d("", 6, 30);
  d.type("日本 x");
  const Frame frame = d.desk->draw();
  CHECK(frame.row_text(0) == "日本 x");
  CHECK(frame.cursor_row() == 0);
  CHECK(frame.cursor_column() == 6);
}

TEST_CASE("Frames of every size can be drawn, with every page open", "[unit]") {
  Desk d("# One\n\nSome words that wrap, 日本語 and \x01\xff too.\n\n# Two\n");
  for (const char* page : {"", "F1", "F5", "F6", "Ctrl-F", "Ctrl-R", "Ctrl-Q", "Alt-S"}) {
    if (*page != '\0') d.press(page);
    for (int rows = 1; rows < 30; rows += 4) {
      for (int columns = 1; columns < 130; columns += 9) {
        d.desk->resize(rows, columns);
        const Frame frame = d.desk->draw();
        REQUIRE(frame.rows() == rows);
        REQUIRE(frame.columns() == columns);
        REQUIRE(frame.cursor_row() < rows);
      }
    }
    d.press("Esc");
    d.desk->panel.reset();
  }
}

TEST_CASE("A key of the settings replaces the command's own", "[unit]") {
  Settings settings = plain_settings();
  settings.keys["save"] = {"F12"};
  settings.keys["nonsense"] = {"F11"};
  Desk d("x", 10, 60, settings);
  CHECK(d.desk->settings.problem.find("nonsense") != std::string::npos);
  d.type("y");
  d.press("Ctrl-S");
  CHECK(d.desk->document->is_modified());
  d.press("F12");
  CHECK_FALSE(d.desk->document->is_modified());
}

TEST_CASE("Every command has a key, and no two share one", "[unit]") {
  std::string problem;
  const Keymap keymap(Settings{}, problem);
  CHECK(problem.empty());
  for (const Command& command : commands()) {
    INFO(command.id);
    CHECK(!keymap.names_of(command).empty());
    std::string defaults(command.keys);
    std::size_t n = 0;
    for (const char c : defaults) n += c == ' ' ? 1 : 0;
    std::size_t shown = 0;
    for (const char c : keymap.names_of(command)) shown += c == ' ' ? 1 : 0;
    CHECK(shown == n);
  }
}

TEST_CASE("Settings are read, and what is wrong is named", "[unit]") {
  const TempFolder folder;
  write_file(folder / "t.toml",
             "[editor]\nmeasure = 60\nfocus = \"sentence\"\nsmart_quotes = true\n"
             "[suggest]\non = false\nalternatives = 3\n[keys]\nsave = [\"F12\", \"Ctrl-S\"]\n");
  const Settings good = load_settings(folder / "t.toml");
  CHECK(good.problem.empty());
  CHECK(good.measure == 60);
  CHECK(good.focus == FocusMode::kSentence);
  CHECK_FALSE(good.suggests);
  CHECK(good.keys.at("save").size() == 2);
  const auto problem_of = [&](const std::string& text) {
    write_file(folder / "t.toml", text);
    return load_settings(folder / "t.toml").problem;
  };
  CHECK(problem_of("[editor]\nmeasure = 2\n").find("editor.measure") != std::string::npos);
  CHECK(problem_of("[editor]\nmesure = 60\n").find("mesure") != std::string::npos);
  CHECK(problem_of("[editor\n").find("line 1") != std::string::npos);
  CHECK(problem_of("[color]\n").find("[color]") != std::string::npos);
  CHECK(load_settings(folder / "none.toml").problem.empty());
}

TEST_CASE("The status line says why no suggestion comes", "[unit]") {
  Desk d("text", 10, 120);
  while (d.link.state().kind == LinkState::Kind::kConnecting) {
  }
  CHECK(d.shows("no suggestions: no daemon listens"));
}

TEST_CASE("A read-only file can be read and copied, not changed", "[unit]") {
  Desk first("text");
  auto second = Document::open(first.folder / "a.md", {first.folder / "state", false});
  DaemonLink link({first.folder / "no.sock", {}});
  Workspace desk(*std::move(second), plain_settings(), link);
  desk.resize(10, 80);
  for (const char* key : {"x", "Enter", "Backspace", "Delete", "Ctrl-V", "Ctrl-K", "Ctrl-R", "Tab",
                          "Ctrl-S", "Alt-\\", "Alt-Enter", "F2"}) {
    desk.handle(*parse_key(key));
  }
  CHECK(desk.editor.text().str() == "text");
  CHECK(desk.panel == nullptr);
}

TEST_CASE("Selected text shows, and typing replaces it", "[unit]") {
  Desk d("one two");
  d.press("Ctrl-A");
  const Frame frame = d.desk->draw();
  CHECK(frame.at(0, 0).style.role == Role::kSelected);
  CHECK(frame.at(0, 6).style.role == Role::kSelected);
  d.type("x");
  CHECK(d.desk->editor.text().str() == "x");
}

TEST_CASE("Focus dims the other paragraphs and sentences", "[unit]") {
  Settings settings = plain_settings();
  settings.focus = FocusMode::kSentence;
  Desk d("One here. Two there.\nThree.", 10, 60, settings);
  const Frame frame = d.desk->draw();
  const int left = static_cast<int>(frame.row_text(0).find("One"));
  CHECK(frame.at(0, left).style.role == Role::kText);
  CHECK(frame.at(0, left + 12).style.role == Role::kDimmed);
  CHECK(frame.at(1, left).style.role == Role::kDimmed);
}

TEST_CASE("A lorebook is paragraphs of keys and what they stand for", "[unit]") {
  const auto entries = StorySession::parse_lorebook(
      "Ann, Annie: red hair,\nnever late: never\n\nno colon here\n\n : empty key\n\nBob:\n\nThe "
      "Inn: old");
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].keys == std::vector<std::string>{"Ann", "Annie"});
  CHECK(entries[0].text == "red hair,\nnever late: never");
  CHECK(entries[1].keys == std::vector<std::string>{"The Inn"});
}

TEST_CASE("A text area edits several lines", "[unit]") {
  TextArea area;
  Frame frame(5, 12);
  area.insert("one two three\nfour");
  area.draw(frame, 0, 5, 0, 10, true);
  CHECK(frame.row_text(0) == "one two");
  CHECK(frame.row_text(2) == "four");
  CHECK(frame.cursor_row() == 2);
  area.handle({kUp, 0});
  area.handle({kHome, 0});
  area.handle({kBackspace, 0});
  area.handle({U'-', 0});
  CHECK(area.text() == "one two-three\nfour");
  area.handle({kEnd, 0});
  area.handle({kDelete, 0});
  CHECK(area.text() == "one two-threefour");
}

}  // namespace
}  // namespace understory::tui
