#include "daemon/story/text_diff.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace understory::story;

namespace {

std::string apply(const std::string& a, const std::string& b, const std::vector<Hunk>& hunks) {
  std::string out;
  std::size_t at = 0;
  for (const Hunk& h : hunks) {
    REQUIRE(h.a_offset >= at);
    out += a.substr(at, h.a_offset - at);
    REQUIRE(out.size() == h.b_offset);
    out += b.substr(h.b_offset, h.b_length);
    at = h.a_offset + h.a_length;
  }
  return out + a.substr(at);
}

std::string random_text(std::mt19937& random, std::size_t words) {
  const std::vector<std::string> kWords{"the", "rain", "é",    "house", "—",
                                        " ",   "\n",   "\n\n", ".",     "she"};
  std::string out;
  for (std::size_t i = 0; i < words; ++i) out += kWords[random() % kWords.size()] + " ";
  return out;
}

}  // namespace

TEST_CASE("A changed word is one hunk of what differs in it", "[unit]") {
  const auto hunks = diff("It was raining.", "It was snowing.");
  CHECK(hunks == std::vector<Hunk>{{7, 4, 7, 4}});  // rain, snow
}

TEST_CASE("Changes in two places are two hunks", "[unit]") {
  const std::string a = "The cat sat on the mat.\nIt rained all day.\nThe end.\n";
  const std::string b = "The dog sat on the mat.\nIt rained all day.\nThe last end.\n";
  const auto hunks = diff(a, b);
  REQUIRE(hunks.size() == 2);
  CHECK(apply(a, b, hunks) == b);
  CHECK(hunks[1].a_length == 0);
}

TEST_CASE("A rewritten sentence is one hunk, whatever small words it shares", "[unit]") {
  const std::string a = "Intro stays. He opened the door and looked at the sea. Outro stays.";
  const std::string b = "Intro stays. Nobody knew why the captain had left for home. Outro stays.";
  CHECK(diff(a, b).size() == 1);
}

TEST_CASE("Hunks do not cut characters", "[unit]") {
  const std::string a = "caf\xc3\xa9";  // é and è share a first byte
  const std::string b = "caf\xc3\xa8";
  CHECK(diff(a, b) == std::vector<Hunk>{{3, 2, 3, 2}});
}

TEST_CASE("Equal texts have no hunks; texts from and to nothing have one", "[unit]") {
  CHECK(diff("same", "same").empty());
  CHECK(diff("", "new") == std::vector<Hunk>{{0, 0, 0, 3}});
  CHECK(diff("old", "") == std::vector<Hunk>{{0, 3, 0, 0}});
}

TEST_CASE("Hunks turn any text into any other", "[unit]") {
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    const std::string a = random_text(random, random() % 60);
    std::string b = a;
    for (unsigned n = random() % 6; n > 0; --n) {
      const std::size_t at = random() % (b.size() + 1);
      b.replace(at, random() % (b.size() - at + 1) / 3, random_text(random, random() % 5));
    }
    if (i % 10 == 0) b = random_text(random, random() % 60);
    CHECK(apply(a, b, diff(a, b)) == b);
  }
}

TEST_CASE("Texts that share nothing are still compared quickly", "[unit]") {
  std::string a;
  std::string b;
  for (int i = 0; i < 20'000; ++i) {
    a += "a" + std::to_string(i) + "\n";
    b += "b" + std::to_string(i) + "\n";
  }
  CHECK(apply(a, b, diff(a, b)) == b);
}
