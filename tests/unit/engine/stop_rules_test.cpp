#include "daemon/engine/stop_rules.h"

#include <catch2/catch.hpp>
#include <vector>

#include "daemon/engine/utf8.h"

using namespace understory::engine;

namespace {

/// The text up to the end of its first unit, or "(open)".
std::string unit(StopUnit stop, std::string_view text, std::string_view before = "") {
  const StopScan scan = find_unit_end(stop, before, text);
  return scan.end ? std::string(text.substr(0, *scan.end)) : "(open)";
}

std::string sentence(std::string_view text, std::string_view before = "") {
  return unit(StopUnit::kSentence, text, before);
}

}  // namespace

TEST_CASE("A word ends before white space", "[unit]") {
  const auto word = [](std::string_view text) { return unit(StopUnit::kWord, text); };
  CHECK(word("oying and") == "oying");
  CHECK(word(" annoying and") == " annoying");
  CHECK(word("  \n she said") == "  \n she");
  CHECK(word(" \xE2\x80\x9CHello,\xE2\x80\x9D she") == " \xE2\x80\x9CHello,\xE2\x80\x9D");
  CHECK(word(" don't stop") == " don't");
  CHECK(word(" word\xE2\x80\x94"
             "another") == " word\xE2\x80\x94");
  CHECK(word("\xE2\x80\x94"
             "and then") ==
        "\xE2\x80\x94"
        "and");
  CHECK(word(" word") == "(open)");
  CHECK(word("") == "(open)");
  CHECK(word("\xE4\xBD\xA0\xE5\xA5\xBD") == "\xE4\xBD\xA0");                          // 你|好
  CHECK(word("\xE5\xA5\xBD\xE3\x80\x82\xE4\xBD\xA0") == "\xE5\xA5\xBD\xE3\x80\x82");  // 好。|你
}

TEST_CASE("A sentence ends after its stop and what closes there", "[unit]") {
  CHECK(sentence(" He left. She stayed.") == " He left.");
  CHECK(sentence("Why? Because") == "Why?");
  CHECK(sentence("\"Go!\" He went") == "\"Go!\"");
  CHECK(sentence("\xE2\x80\x9CGo.\xE2\x80\x9D He went") == "\xE2\x80\x9CGo.\xE2\x80\x9D");
  CHECK(sentence("(He left.) She") == "(He left.)");
  CHECK(sentence("Really?!\xE2\x80\x99\xE2\x80\x9D Yes") == "Really?!\xE2\x80\x99\xE2\x80\x9D");
  CHECK(sentence("And so\xE2\x80\xA6 Nothing") == "And so\xE2\x80\xA6");
  CHECK(sentence("And so... Nothing") == "And so...");
  CHECK(sentence("No stop here\n\nNext") == "No stop here");
  CHECK(sentence("He left.\n\nand so") == "He left.");
}

TEST_CASE("What goes on is not the end of a sentence", "[unit]") {
  CHECK(sentence("\"What?\" he asked. Then") == "\"What?\" he asked.");
  CHECK(sentence("And so\xE2\x80\xA6 nothing. Then") == "And so\xE2\x80\xA6 nothing.");
  CHECK(sentence("Mr. Smith left. He") == "Mr. Smith left.");
  CHECK(sentence("Mrs. Dalloway and Dr. No met. They") == "Mrs. Dalloway and Dr. No met.");
  CHECK(sentence("J. R. R. Tolkien wrote. He") == "J. R. R. Tolkien wrote.");
  CHECK(sentence("The U.S. Army came. It") == "The U.S. Army came.");
  CHECK(sentence("It was I. Then") == "It was I.");
  CHECK(sentence("It cost 3.14 pounds. He") == "It cost 3.14 pounds.");
  CHECK(sentence("at example.org today. He") == "at example.org today.");
  CHECK(sentence(". Smith left. He", "He saw Mr") == ". Smith left.");
  CHECK(sentence(". Smith left. He", "He saw the blacksmith") == ".");
}

TEST_CASE("An undecided sentence stays open and holds back only what may be cut", "[unit]") {
  for (const std::string_view text :
       {"He left", "He left.", "He left. ", "He left.\"", "He left.\n"})
    CHECK(sentence(text) == "(open)");
  CHECK(find_unit_end(StopUnit::kSentence, "", "He left.  ").safe == 8);
  CHECK(find_unit_end(StopUnit::kSentence, "", "He left").safe == 7);
  CHECK(find_unit_end(StopUnit::kSentence, "", "He left\n").safe == 7);
}

TEST_CASE("CJK sentences need no white space", "[unit]") {
  const std::string text =
      "\xE4\xBB\x96\xE8\xB5\xB0\xE4\xBA\x86\xE3\x80\x82\xE5\xA5\xB9";  // 他走了。她
  CHECK(sentence(text) == text.substr(0, 12));
  CHECK(sentence("\xE5\xA5\xBD\xEF\xBC\x9F\xE3\x80\x8D\xE4\xBB\x96") ==  // 好？」|他
        "\xE5\xA5\xBD\xEF\xBC\x9F\xE3\x80\x8D");
}

TEST_CASE("A line ends before its break, white space in front of it counts as its own", "[unit]") {
  const auto line = [](std::string_view text) { return unit(StopUnit::kLine, text); };
  CHECK(line(" one\ntwo") == " one");
  CHECK(line("one\r\ntwo") == "one");
  CHECK(line("\n\none\n") == "\n\none");
  CHECK(line("one") == "(open)");
}

TEST_CASE("A paragraph ends before a blank line", "[unit]") {
  const auto paragraph = [](std::string_view text) { return unit(StopUnit::kParagraph, text); };
  CHECK(paragraph("one\ntwo\n\nthree") == "one\ntwo");
  CHECK(paragraph("one\r\n\r\ntwo") == "one");
  CHECK(paragraph("one\n  \t\ntwo") == "one");
  CHECK(paragraph("one\n two\n") == "(open)");
  CHECK(paragraph("\n\none\n\n") == "\n\none");
  CHECK(find_unit_end(StopUnit::kParagraph, "", "one\n  ").safe == 3);
}

TEST_CASE("Without a unit nothing ends", "[unit]") {
  CHECK(unit(StopUnit::kNone, "a. b\n\nc") == "(open)");
}

TEST_CASE("Whatever the pieces, what was called safe is never cut and the end is the same",
          "[unit]") {
  const std::vector<std::string> texts = {
      " \"What?\" he asked. Mr. Fox\xE2\x80\xA6 and then.\xE2\x80\x9D\n\nNext one. And",
      "\n\n  word\xE2\x80\x94next \xE5\xA5\xBD\xE3\x80\x82\xE4\xBD\xA0. 3.5 x\r\n \r\nend",
      "J. F. said: \"No.\"\n'Yes!' it went on. Oh?! \n \nstop"};
  for (const StopUnit stop :
       {StopUnit::kWord, StopUnit::kSentence, StopUnit::kLine, StopUnit::kParagraph}) {
    for (const std::string& text : texts) {
      const StopScan whole = find_unit_end(stop, "", text);
      REQUIRE(whole.end);
      for (std::size_t n = 0; n < text.size();) {
        n += code_point_at(text, n).length;
        const StopScan part = find_unit_end(stop, "", std::string_view(text).substr(0, n));
        INFO("unit " << static_cast<int>(stop) << ": " << text.substr(0, n));
        REQUIRE(part.safe <= *whole.end);
        REQUIRE(part.safe <= n);
        if (part.end) REQUIRE(*part.end == *whole.end);
      }
    }
  }
}
