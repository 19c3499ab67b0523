#include "tui/document/history.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

namespace understory::tui {
namespace {

struct Writer {
  Text text;
  History history;

  void insert(std::size_t at, const std::string& bytes, bool joins = false) {
    Edit edit{at, "", bytes};
    text = apply(text, edit);
    history.record(edit, at, at + bytes.size(), 0, joins);
  }
  void go(std::optional<std::size_t> to) {
    REQUIRE(to.has_value());
    text = history.travel(text, history.current(), *to).text;
    history.move_to(*to);
  }
};

TEST_CASE("Typing joins into one step until something comes between", "[unit]") {
  Writer w;
  w.insert(0, "a");
  w.insert(1, "b", true);
  CHECK(w.history.n_states() == 2);
  CHECK(w.history.step(1).edits.size() == 1);
  w.history.seal();
  w.insert(2, "c", true);
  CHECK(w.history.n_states() == 3);
  w.go(w.history.undo_target());
  CHECK(w.text.str() == "ab");
  w.go(w.history.undo_target());
  CHECK(w.text.empty());
  CHECK_FALSE(w.history.undo_target().has_value());
  w.go(w.history.redo_target());
  w.go(w.history.redo_target());
  CHECK(w.text.str() == "abc");
  CHECK_FALSE(w.history.redo_target().has_value());
}

TEST_CASE("What was undone and typed over can still be reached", "[unit]") {
  Writer w;
  w.insert(0, "first");
  w.go(w.history.undo_target());
  w.insert(0, "second");
  CHECK_FALSE(w.history.redo_target().has_value());
  w.go(w.history.earlier_target());
  CHECK(w.text.str() == "first");
  w.go(w.history.earlier_target());
  CHECK(w.text.empty());
  // Redo follows the way that was come from last.
  w.go(w.history.redo_target());
  CHECK(w.text.str() == "first");
}

TEST_CASE("Any state can be reached from any other", "[unit]") {
  std::mt19937 random(11);
  Writer w;
  std::vector<std::string> states{""};
  for (int i = 0; i < 500; ++i) {
    if (random() % 4 == 0) {
      const std::size_t to = random() % states.size();
      REQUIRE(w.history.fits(w.text, w.history.current(), to));
      w.go(to);
      REQUIRE(w.text.str() == states[to]);
    }
    const std::size_t size = w.text.size();
    const std::size_t at = random() % (size + 1);
    const std::size_t n = random() % 2 == 0 ? std::min<std::size_t>(random() % 9, size - at) : 0;
    Edit edit{at, w.text.substr(at, n), std::string(random() % 6, static_cast<char>('a' + i % 26))};
    if (edit.removed.empty() && edit.inserted.empty()) edit.inserted = "x";
    w.text = apply(w.text, edit);
    w.history.record(edit, 0, 0, 0, false);
    states.push_back(w.text.str());
  }
  CHECK_FALSE(w.history.fits(Text("something else"), w.history.current(), 0));
}

TEST_CASE("A difference is what lies between the common ends, in whole characters", "[unit]") {
  const Edit edit = difference(Text("say é now"), Text("say è now"));
  CHECK(edit.offset == 4);
  CHECK(edit.removed == "é");
  CHECK(edit.inserted == "è");
  const Edit twice = difference(Text("aaa"), Text("aaaa"));
  CHECK(twice.removed.empty());
  CHECK(twice.inserted == "a");
}

TEST_CASE("Differences of long texts lead from one to the other", "[unit]") {
  std::mt19937 random(4);
  std::string bytes;
  while (bytes.size() < 30'000) bytes += random() % 5 == 0 ? "é" : "ab";
  Text from(bytes);
  for (int i = 0; i < 300; ++i) {
    const std::size_t at = random() % from.size();
    const std::size_t n = std::min<std::size_t>(random() % 3000, from.size() - at);
    const Text to = from.replace(at, n, std::string(random() % 2000, 'x'));
    const Edit edit = difference(from, to);
    REQUIRE(apply(from, edit) == to);
    REQUIRE(apply_inverse(to, edit) == from);
    REQUIRE(edit.removed.size() <= n + 4);
    // The same without shared pieces.
    const Edit afresh = difference(Text(from.str()), Text(to.str()));
    REQUIRE(afresh.offset == edit.offset);
    REQUIRE(afresh.inserted == edit.inserted);
    if (i % 2 == 0) from = to;
    if (from.size() < 10'000) from = Text(bytes);
  }
}

}  // namespace
}  // namespace understory::tui
