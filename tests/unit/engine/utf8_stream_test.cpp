#include "daemon/engine/utf8_stream.h"

#include <catch2/catch.hpp>

#include "daemon/engine/random.h"
#include "daemon/engine/utf8.h"

using namespace understory::engine;

TEST_CASE("A character split over pieces is held back until it is whole", "[unit]") {
  Utf8Stream stream;
  CHECK(stream.push("a\xE2") == "a");
  CHECK(stream.push("\x80") == "");
  CHECK(stream.push("\x94"
                    "b") ==
        "\xE2\x80\x94"
        "b");
  CHECK(stream.flush() == "");
}

TEST_CASE("Bytes that begin no character pass as they are", "[unit]") {
  Utf8Stream stream;
  CHECK(stream.push("\x80") == "\x80");
  CHECK(stream.push("\xFF\xC0") == "\xFF\xC0");
  CHECK(stream.push("\xE2") == "");
  CHECK(stream.push("x") == "\xE2x");            // known by now not to become a character
  CHECK(stream.push("\xED\xA0") == "\xED\xA0");  // half of a surrogate
}

TEST_CASE("What is held at the end is not lost", "[unit]") {
  Utf8Stream stream;
  CHECK(stream.push("\xF0\x9F\x98") == "");
  CHECK(stream.flush() == "\xF0\x9F\x98");
  CHECK(stream.flush() == "");
}

TEST_CASE("Any bytes in any pieces come out unchanged, valid text in whole characters", "[unit]") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const bool valid = seed % 2 == 0;
    std::string text;
    for (int i = 0; i < 40; ++i) {
      const char* const characters[] = {"a", "\xC3\xA9", "\xE2\x80\x9C", "\xF0\x9F\x98\x80"};
      if (valid)
        text += characters[random_bits(seed, i) % 4];
      else
        text += static_cast<char>(random_bits(seed, i));
    }
    Utf8Stream stream;
    std::string out;
    for (std::size_t at = 0, i = 0; at < text.size(); ++i) {
      const std::size_t n = 1 + random_bits(seed + 1000, i) % 5;
      const std::string whole = stream.push(std::string_view(text).substr(at, n));
      at += n;
      if (valid)
        for (std::size_t j = 0; j < whole.size();) {
          REQUIRE(utf8_state(std::string_view(whole).substr(j)) == Utf8State::kWhole);
          j += code_point_at(whole, j).length;
        }
      out += whole;
    }
    REQUIRE(out + stream.flush() == text);
  }
}
