#include "daemon/tokenizer/utf8.h"

#include <catch2/catch.hpp>

using namespace understory::tokenizer;

TEST_CASE("Well-formed characters have their length", "[unit]") {
  CHECK(valid_length("a") == 1);
  CHECK(valid_length("\xc2\x80") == 2);
  CHECK(valid_length("\xed\x9f\xbf") == 3);
  CHECK(valid_length("\xee\x80\x80z") == 3);
  CHECK(valid_length("\xf0\x90\x80\x80") == 4);
  CHECK(valid_length("\xf4\x8f\xbf\xbf") == 4);
}

TEST_CASE("Ill-formed bytes have none", "[unit]") {
  const auto text =
      GENERATE(as<std::string>(), "", "\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf",
               "\xed\xa0\x80", "\xe4\xb8", "\xe4\xb8(", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
               "\xf0\x9f\x98", "\xf5\x80\x80\x80", "\xff");
  CAPTURE(text);
  CHECK(valid_length(text) == 0);
}

TEST_CASE("A well-formed text is not copied", "[unit]") {
  const std::string text = "na\xc3\xafve \xf0\x9f\x98\x80";
  const WellFormedText well_formed(text);
  CHECK(well_formed.text().data() == text.data());
}

TEST_CASE("Ill-formed bytes become U+FFFD one by one, and lengths can be turned back", "[unit]") {
  const std::string text = "a\x80\xe4\xb8z\xc3\xa9\xff";
  const WellFormedText well_formed(text);
  CHECK(well_formed.text() == "a\ufffd\ufffd\ufffdz\u00e9\ufffd");
  std::vector<std::size_t> lengths{4, 0, 6, 1, 5};
  well_formed.to_original(lengths);
  CHECK(lengths == std::vector<std::size_t>{2, 0, 2, 1, 3});
}
