#include "daemon/engine/loop.h"

#include <catch2/catch.hpp>
#include <string>

using namespace understory::engine;

namespace {

/// What is left of `text`, generated a word or `step` bytes at a time; with "|" where it loops.
std::string kept(std::string_view text, std::size_t step = 0) {
  LoopWatch watch;
  std::size_t safe = 0;
  for (std::size_t size = 0; size < text.size();) {
    const std::size_t space = text.find(' ', size + 1);
    size = step ? size + step : space;
    size = std::min(size, text.size());
    const auto scan = watch.look(text.substr(0, size));
    if (scan.end) {
      CHECK(*scan.end >= safe);
      return std::string(text.substr(0, *scan.end)) + "|";
    }
    safe = std::max(safe, scan.safe);
  }
  return std::string(text);
}

std::string times(int n, const std::string& text) {
  std::string all;
  for (int i = 0; i < n; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("A loop is cut after its first round", "[unit]") {
  for (const std::size_t step : {0, 1, 2, 5}) {
    INFO(step);
    CHECK(kept("He sat. " + times(9, "and the man "), step) == "He sat. and the man|");
    CHECK(kept(" He sat down." + times(3, " She opened the old green door."), step) ==
          " He sat down. She opened the old green door.|");
    CHECK(kept(times(20, " ha"), step) == " ha|");
    CHECK(kept("\n\n" + times(4, "\"I don't know,\" she said.\n\n"), step)
              .starts_with("\n\n\"I don't know,\" she said."));
  }
  CHECK(kept(times(40, "."), 1).size() < 8);
  CHECK(kept(times(40, "\xE3\x81\x82"), 3).size() < 8);  // ああああ
}

TEST_CASE("Prose that repeats a little is no loop", "[unit]") {
  for (const std::string text :
       {" no, no, no, no, she said.", " It was the best of times, it was the worst of times.",
        " He walked and walked and walked until", " over and over and over again.",
        " ha ha ha ha! he laughed.", " Wait... What? Wait... Why?",
        " tomorrow, and tomorrow, and tomorrow, creeps in"}) {
    for (const std::size_t step : {0, 1, 3}) CHECK(kept(text, step) == text);
  }
}

TEST_CASE("What may be a second round is held back, other words are not", "[unit]") {
  const auto held = [](std::string_view text) {
    LoopWatch watch;
    return std::string(text.substr(watch.look(text).safe));
  };
  CHECK(held(" the man and the") == " the");
  CHECK(held(" the man and then") == "");
  CHECK(held(" the man sat down in a chair that stood by the") == "");  // too far apart
  CHECK(held(" She opened the door. He went away again. She opened the") == " She opened the");
}

TEST_CASE("A loop whose case differs is a loop", "[unit]") {
  CHECK(
      kept("The old man sat there. the old man sat there. The old man sat there.").ends_with("|"));
}
