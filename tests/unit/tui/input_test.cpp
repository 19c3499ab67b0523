#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tui/input/key_decoder.h"

namespace understory::tui {
namespace {

std::vector<std::string> names(const std::vector<Event>& events) {
  std::vector<std::string> out;
  for (const Event& event : events) {
    if (const Key* key = std::get_if<Key>(&event)) out.push_back(name_of(*key));
    if (const Paste* paste = std::get_if<Paste>(&event)) out.push_back("paste " + paste->text);
    if (const Mouse* mouse = std::get_if<Mouse>(&event)) {
      out.push_back("mouse " + std::to_string(static_cast<int>(mouse->kind)) + " " +
                    std::to_string(mouse->column) + "," + std::to_string(mouse->row));
    }
    if (const auto* reply = std::get_if<BackgroundReply>(&event)) {
      out.push_back(reply->is_light ? "light" : "dark");
    }
  }
  return out;
}

std::vector<std::string> decode(const std::string& bytes) {
  KeyDecoder decoder;
  std::vector<Event> events;
  decoder.feed(bytes, events);
  decoder.flush(events);
  return names(events);
}

using Names = std::vector<std::string>;

TEST_CASE("Keys are read as terminals send them", "[unit]") {
  CHECK(decode("aé日") == Names{"a", "é", "日"});
  CHECK(decode("\x1b[A\x1bOB\x1b[1;5C\x1b[1;6D") ==
        Names{"Up", "Down", "Ctrl-Right", "Ctrl-Shift-Left"});
  CHECK(decode("\x1bOP\x1b[11~\x1b[15~\x1b[17~\x1b[24~\x1b[[B") ==
        Names{"F1", "F1", "F5", "F6", "F12", "F2"});
  CHECK(decode("\x1b[5~\x1b[3;5~\x1b[1~\x1b[F") == Names{"PageUp", "Ctrl-Delete", "Home", "End"});
  CHECK(decode("\x13\x7f\x08\r\t\x1b[Z") ==
        Names{"Ctrl-S", "Backspace", "Ctrl-H", "Enter", "Tab", "Shift-Tab"});
  CHECK(decode("\x1b\r\x1b\\\x1b]\x1b[\x1bq") ==
        Names{"Alt-Enter", "Alt-\\", "Alt-]", "Alt-[", "Alt-Q"});
  CHECK(decode("\x1b[27;5;13~\x1b[13;3u\x1b[97;5u") == Names{"Ctrl-Enter", "Alt-Enter", "Ctrl-A"});
  CHECK(decode("\x1bOc\x1b[a") == Names{"Ctrl-Right", "Shift-Up"});
}

TEST_CASE("Alt-[ and Alt-] come when nothing follows them", "[unit]") {
  CHECK(decode("\x1b[") == Names{"Alt-["});
  CHECK(decode("\x1b]") == Names{"Alt-]"});
  CHECK(decode("\x1b") == Names{"Esc"});
  CHECK(decode("\x1b]x") == Names{"Alt-]", "x"});
}

TEST_CASE("Esc and a control key in one read are two keys", "[unit]") {
  CHECK(decode("\x1b\x13") == Names{"Esc", "Ctrl-S"});
  CHECK(decode("\x1b\x7f\x1b\x08") == Names{"Alt-Backspace", "Ctrl-Alt-H"});
}

TEST_CASE("Ctrl-H is Backspace where the terminal says so", "[unit]") {
  KeyDecoder decoder;
  decoder.set_backspace('\b');
  std::vector<Event> events;
  decoder.feed("\b\x7f", events);
  CHECK(names(events) == Names{"Backspace", "Backspace"});
}

TEST_CASE("Sequences may be cut anywhere", "[unit]") {
  const std::string all =
      "a\x1b[1;5C\x1b[<0;10;5M\x1b[200~two\nlines\x1b[201~日\x1b]11;rgb:ffff/ffff/"
      "ffff\x1b\\\x1bOPz";
  const Names expected = decode(all);
  CHECK(expected.size() == 8);
  CHECK(expected[2] == "mouse 0 9,4");
  CHECK(expected[3] == "paste two\nlines");
  CHECK(expected[5] == "light");
  for (std::size_t cut = 1; cut < all.size(); ++cut) {
    KeyDecoder decoder;
    std::vector<Event> events;
    decoder.feed(all.substr(0, cut), events);
    decoder.feed(all.substr(cut), events);
    REQUIRE(names(events) == expected);
  }
}

TEST_CASE("A megabyte of paste is one event, whatever is in it", "[unit]") {
  std::string text;
  while (text.size() < 1'000'000) text += "x\x1b[A \xff\r\n";
  KeyDecoder decoder;
  std::vector<Event> events;
  const std::string bytes = "\x1b[200~" + text + "\x1b[201~";
  for (std::size_t at = 0; at < bytes.size(); at += 4096)
    decoder.feed(bytes.substr(at, 4096), events);
  REQUIRE(events.size() == 1);
  CHECK(std::get<Paste>(events[0]).text == text);
}

TEST_CASE("Names of keys can be read back", "[unit]") {
  for (const char* name : {"Ctrl-S", "Alt-Enter", "Shift-Right", "F1", "F12", "Alt-\\", "Alt--",
                           "Ctrl-Alt-Shift-PageUp", "Esc", "Ctrl-Space", "é"}) {
    const std::optional<Key> key = parse_key(name);
    REQUIRE(key.has_value());
    CHECK(name_of(*key) == name);
  }
  CHECK(parse_key("ctrl+s") == parse_key("Ctrl-S"));
  CHECK_FALSE(parse_key("F13").has_value());
  CHECK_FALSE(parse_key("Hyper-X").has_value());
  CHECK_FALSE(parse_key("").has_value());
}

TEST_CASE("No bytes hurt the decoder", "[unit]") {
  unsigned state = 1;
  KeyDecoder decoder;
  std::vector<Event> events;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 1664525 + 1013904223;
    const char c = static_cast<char>((state >> 24) % 3 == 0 ? 0x1b : state >> 16);
    decoder.feed({&c, 1}, events);
    if (i % 100 == 0) decoder.flush(events);
  }
  CHECK(!events.empty());
}

}  // namespace
}  // namespace understory::tui
