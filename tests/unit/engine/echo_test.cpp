#include "daemon/engine/echo.h"

#include <catch2/catch.hpp>

using namespace understory::engine;
using Match = Echo::Match;

namespace {
constexpr std::string_view kBefore =
    "The rain had stopped before morning. She went down to the kitchen without her shoes and found "
    "her father already at the table. \"You were out late,\" he said.";
}

TEST_CASE("Saying the last words again is an echo", "[unit]") {
  const Echo echo(kBefore);
  CHECK(echo.match(" \"You were out late,\" he said.", false) == Match::kEcho);
  CHECK(echo.match(" You WERE out late, he said", true) == Match::kEcho);
  CHECK(echo.match(" \"You were out late,\" he", true) == Match::kNone);  // not to the end
  CHECK(echo.match(" out late, he said. And", false) == Match::kEcho);
  CHECK(echo.match(" out late, he sa", true) == Match::kNone);
}

TEST_CASE("Beginning one of the last sentences again is an echo after eight words", "[unit]") {
  const Echo echo(kBefore);
  CHECK(echo.match(" She went down to the kitchen without her ", false) == Match::kEcho);
  CHECK(echo.match(" She went down to the kitchen without", false) == Match::kOpen);
  CHECK(echo.match(" She went down to the kitchen with", false) == Match::kOpen);
  CHECK(echo.match(" She went down to the garden", false) == Match::kNone);
  // Not from the middle of a sentence.
  CHECK(echo.match(" down to the kitchen without her shoes and found", false) == Match::kNone);
}

TEST_CASE("A few words again are no echo", "[unit]") {
  CHECK(Echo("No, no, no, no, no").match(" no, no, no, no, no,", false) == Match::kNone);
  CHECK(Echo("for ever and ever").match(" and ever and ever", false) == Match::kNone);
  CHECK(Echo("").match(" anything", false) == Match::kNone);
  CHECK(Echo(kBefore).match(" Nothing was said.", false) == Match::kNone);
  CHECK(Echo(kBefore).match("", false) == Match::kOpen);
}
