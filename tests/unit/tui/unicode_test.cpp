#include "tui/text/unicode.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tui/text/text.h"

namespace understory::tui {
namespace {

std::vector<std::string> clusters(const std::string& bytes) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t n = cluster_at(bytes, at).length;
    out.push_back(bytes.substr(at, n));
    at += n;
  }
  return out;
}

TEST_CASE("Characters are what a reader sees as one", "[unit]") {
  using Strings = std::vector<std::string>;
  CHECK(clusters("ab") == Strings{"a", "b"});
  CHECK(clusters("e\u0301x") == Strings{"e\u0301", "x"});
  CHECK(clusters("👩‍👩‍👧!") == Strings{"👩‍👩‍👧", "!"});
  CHECK(clusters("🇫🇷🇩🇪") == Strings{"🇫🇷", "🇩🇪"});
  CHECK(clusters("👍🏽a") == Strings{"👍🏽", "a"});
  CHECK(clusters("각") == Strings{"각"});
  CHECK(clusters("a\r\nb\n") == Strings{"a", "\r\n", "b", "\n"});
  CHECK(clusters("x\xff\xe2\x80y") == Strings{"x", "\xff", "\xe2", "\x80", "y"});
}

TEST_CASE("Widths are the terminal's", "[unit]") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("\u0301") == 1);  // a mark alone stands in a cell of its own
  CHECK(display_width("😀") == 2);
  CHECK(display_width("👩‍👩‍👧") == 2);
  CHECK(display_width("👍🏽") == 2);
  CHECK(display_width("🇫🇷") == 2);
  CHECK(display_width("\x01") == 2);
  CHECK(display_width("\xff") == 1);
  CHECK(clip_to_width("日本語", 5) == "日本");
  CHECK(clip_to_width("abc", 0).empty());
}

TEST_CASE("Stepping back undoes stepping forward, everywhere", "[unit]") {
  std::string bytes;
  for (int i = 0; i < 60; ++i) {
    bytes += "The e\u0301nd 👩‍👩‍👧 of\r\nit\xff 🇫🇷🇩🇪日本 \u0301\n\n각";
  }
  const Text text(bytes);
  std::vector<std::size_t> forward{0};
  while (forward.back() < text.size()) forward.push_back(next_cluster(text, forward.back()));
  std::vector<std::size_t> backward{text.size()};
  while (backward.back() > 0) backward.push_back(previous_cluster(text, backward.back()));
  CHECK(std::vector<std::size_t>(backward.rbegin(), backward.rend()) == forward);
}

}  // namespace
}  // namespace understory::tui
