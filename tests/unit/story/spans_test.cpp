#include "daemon/story/spans.h"

#include <catch2/catch.hpp>

#include "base/fnv1a.h"

using namespace understory::story;

namespace {
const Spans kMixed{{3, Origin::kTyped, 0}, {4, Origin::kModel, 7}, {2, Origin::kEdited, 0}};
}

TEST_CASE("Spans are cut where the text is cut", "[unit]") {
  CHECK(slice(kMixed, 0, 9) == kMixed);
  CHECK(slice(kMixed, 2, 3) == Spans{{1, Origin::kTyped, 0}, {2, Origin::kModel, 7}});
  CHECK(slice(kMixed, 9, 0).empty());
}

TEST_CASE("Neighbours of one origin and generation are one span", "[unit]") {
  Spans spans = slice(kMixed, 0, 5);
  append(spans, slice(kMixed, 5, 4));
  CHECK(spans == kMixed);
  CHECK(splice(kMixed, 3, 4, {}) == Spans{{3, Origin::kTyped, 0}, {2, Origin::kEdited, 0}});
  CHECK(splice(kMixed, 1, 0, whole(5, Origin::kTyped)).front().bytes == 8);
  CHECK(splice(kMixed, 5, 0, whole(1, Origin::kEdited)).size() == 5);
}

TEST_CASE("Text of two generations keeps both apart", "[unit]") {
  Spans spans = whole(2, Origin::kModel, 1);
  append(spans, whole(2, Origin::kModel, 2));
  CHECK(spans.size() == 2);
}

TEST_CASE("Spans survive the file's form, and damaged ones are refused", "[unit]") {
  CHECK(decode_spans(encode(kMixed)) == kMixed);
  CHECK(decode_spans("") == Spans{});
  const std::string bytes = encode(kMixed);
  CHECK_FALSE(decode_spans(bytes.substr(0, bytes.size() - 1)));
  CHECK_FALSE(decode_spans(std::string("\x00\x00\x00", 3)));  // an empty span
  CHECK_FALSE(decode_spans(std::string("\x01\x05\x00", 3)));  // no such origin
}

TEST_CASE("The prompt hash is FNV-1a", "[unit]") {
  // The reference values of the algorithm's authors.
  CHECK(understory::fnv1a_hex("") == "cbf29ce484222325");
  CHECK(understory::fnv1a_hex("a") == "af63dc4c8601ec8c");
  CHECK(understory::fnv1a_hex("foobar") == "85944171f73967e8");
}
