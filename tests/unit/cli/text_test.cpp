#include "cli/text.h"

#include <catch2/catch.hpp>

#include "cli/format.h"
#include "cli/measure.h"
#include "cli/painter.h"

using namespace understory::cli;

TEST_CASE("Each byte that is no character becomes a replacement character", "[unit]") {
  CHECK(replace_invalid_utf8("ink") == "ink");
  CHECK(replace_invalid_utf8("a\xFF\xE2\x80z") == "a\uFFFD\uFFFD\uFFFDz");
  CHECK(replace_invalid_utf8("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");  // a surrogate
}

TEST_CASE("Text for a terminal keeps newlines and tabs and no other control", "[unit]") {
  CHECK(safe_for_terminal("one\n\ttwo") == "one\n\ttwo");
  CHECK(safe_for_terminal("\x1b[2J") == "\uFFFD[2J");
  CHECK(safe_for_terminal("\xC2\x9B"
                          "2J") ==
        "\uFFFD"
        "2J");  // C1 CSI
  CHECK(safe_for_terminal("caf\xC3\xA9 \xC2\xA0") == "caf\xC3\xA9 \xC2\xA0");
}

TEST_CASE("Base64 pads as RFC 4648's own examples do", "[unit]") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foob") == "Zm9vYg==");
  CHECK(base64("\xFF\xFE") == "//4=");
}

TEST_CASE("Quoted text is one line", "[unit]") {
  CHECK(quote_text("a \"b\"\n\\\xFF\x1b") == "\"a \\\"b\\\"\\n\\\\\\xFF\\x1B\"");
}

TEST_CASE("The tail of a text begins with a whole character", "[unit]") {
  CHECK(utf8_tail("abc", 5) == "abc");
  CHECK(utf8_tail("abc", 2) == "bc");
  CHECK(utf8_tail("\xE2\x80\x9C"
                  "ab",
                  4) == "ab");
}

TEST_CASE("Wide characters take two columns and combining marks none", "[unit]") {
  CHECK(display_width("ink") == 3);
  CHECK(display_width("\u4F60\u597D") == 4);
  CHECK(display_width("e\u0301") == 1);
}

TEST_CASE("Lines break at spaces, and inside a word that is too long", "[unit]") {
  using Lines = std::vector<std::string>;
  CHECK(wrap("", 5) == Lines{""});
  CHECK(wrap("the old house", 8) == Lines{"the old ", "house"});
  CHECK(wrap("abcdefgh", 3) == Lines{"abc", "def", "gh"});
  CHECK(wrap("one\n\ntwo", 10) == Lines{"one", "", "two"});
  CHECK(wrap("\u4F60\u597D\u4F60", 4) == Lines{"\u4F60\u597D", "\u4F60"});
}

TEST_CASE("Numbers are written for people", "[unit]") {
  CHECK(format_bytes(512) == "512 bytes");
  CHECK(format_bytes(3325536) == "3.2 MiB");
  CHECK(format_bytes(std::uint64_t{24} << 30) == "24 GiB");
  CHECK(format_count(3'100'000) == "3.1 M");
  CHECK(format_count(1'100'000'000) == "1.1 B");
  CHECK(format_duration(41.9) == "41 s");
  CHECK(format_duration(3 * 3600 + 12 * 60) == "3 h 12 min");
}

TEST_CASE("The median of an even number of values lies between the middle two", "[unit]") {
  CHECK(median({}) == 0);
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 2, 3}) == 2.5);
}
