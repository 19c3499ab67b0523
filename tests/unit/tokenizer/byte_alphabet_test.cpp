#include "daemon/tokenizer/byte_alphabet.h"

#include <catch2/catch.hpp>
#include <set>

#include "daemon/tokenizer/utf8.h"

using namespace understory::tokenizer;

TEST_CASE("Every byte has its own printable stand-in", "[unit]") {
  std::set<std::string_view> seen;
  for (int byte = 0; byte < 256; ++byte) {
    const auto stand_in = byte_to_stand_in(static_cast<std::uint8_t>(byte));
    CHECK(valid_length(stand_in) == stand_in.size());
    CHECK(static_cast<unsigned char>(stand_in[0]) > ' ');
    CHECK(seen.insert(stand_in).second);
    CHECK(stand_ins_to_bytes(stand_in) == std::string(1, static_cast<char>(byte)));
  }
}

TEST_CASE("Stand-ins are GPT-2's", "[unit]") {
  std::string text;
  append_stand_ins("A b\n\xc3\xa9\xad\x7f", text);
  CHECK(text == "A\u0120b\u010a\u00c3\u00a9\u0143\u0121");
  CHECK(stand_ins_to_bytes(text) == "A b\n\xc3\xa9\xad\x7f");
}

TEST_CASE("What is no stand-in stays as it is", "[unit]") {
  CHECK(stand_ins_to_bytes("a b\u4e2d\U0001f600\xff") == "a b\u4e2d\U0001f600\xff");
  CHECK(stand_ins_to_bytes("\u0144\u00ad") == "\u0144\u00ad");
}
