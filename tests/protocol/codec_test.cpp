#include "protocol/codec.h"

#include <catch2/catch.hpp>

#include "protocol/utf8.h"

using namespace understory;
using namespace understory::protocol;
using namespace std::string_literals;

namespace {

FrameError problem_of(std::string_view bytes) {
  FrameError problem;
  REQUIRE_FALSE(parse_message(bytes, problem).has_value());
  return problem;
}

Message parse(std::string_view bytes) {
  FrameError problem;
  std::optional<Message> m = parse_message(bytes, problem);
  INFO(problem.error.message);
  REQUIRE(m.has_value());
  return *m;
}

// [0, 1, "complete", [{key: value}]], value being MessagePack.
Result<CompleteParams> complete_with(const std::string& key, const std::string& value) {
  std::string bytes = "\x94\x00\x01\xa8"s + "complete" + "\x91\x81";
  bytes += char(0xa0 | key.size());
  bytes += key + value;
  return decode<CompleteParams>(parse(bytes).params);
}

std::string refusal(const std::string& key, const std::string& value) {
  Result<CompleteParams> params = complete_with(key, value);
  REQUIRE_FALSE(params.ok());
  REQUIRE(params.error().code == ErrorCode::kInvalidArgument);
  return params.error().message;
}

}  // namespace

TEST_CASE("A message that is no RPC message is a fatal protocol error", "[unit]") {
  for (const std::string& bytes :
       {"\x01"s, "\x80"s, "\x90"s, "\x91\x00"s, "\x94\x03\x01\xa1x\x90"s, "\x94\x02\xa1x\x90\x90"s,
        "\x94\x00\xa1"s
        "1\xa1x\x90",
        "\x94\x00\xff\xa1x\x90"s, "\x94\x00\xcf\x00\x00\x00\x01\x00\x00\x00\x00\xa1x\x90"s}) {
    const FrameError problem = problem_of(bytes);
    CHECK(problem.fatal);
    CHECK(problem.error.code == ErrorCode::kProtocol);
    CHECK_FALSE(problem.request.has_value());
  }
  CHECK(problem_of("\x94\x00\x07\x05\x90"s).request == 7u);  // a method that is a number
  CHECK(problem_of("\x93\x00\x07\x05"s).request == 7u);
}

TEST_CASE("Params that are not an array of one map fail that request alone", "[unit]") {
  for (const std::string& params : {"\x80"s, "\xc0"s, "\x91\x01"s, "\x92\x80\x80"s, "\x91\xa1x"s}) {
    const FrameError problem = problem_of("\x94\x00\x07\xa1x"s + params);
    CHECK_FALSE(problem.fatal);
    CHECK(problem.error.code == ErrorCode::kInvalidArgument);
    CHECK(problem.request == 7u);
  }
}

TEST_CASE("Empty params and Lua's empty table count as an empty map", "[unit]") {
  for (const std::string& params : {"\x90"s, "\x91\x80"s, "\x91\x90"s}) {
    const Message m = parse("\x94\x00\x07\xa8"s + "complete" + params);
    Result<CompleteParams> decoded = decode<CompleteParams>(m.params);
    REQUIRE(decoded.ok());
    CHECK(decoded->max_tokens == 48);
  }
}

TEST_CASE("Notifications with foreign params are messages without a map", "[unit]") {
  const Message m = parse("\x93\x02\xa1x\x92\x01\x02"s);
  REQUIRE(m.kind == Message::Kind::kNotification);
  CHECK_FALSE(request_number(m.params).has_value());
  CHECK_FALSE(decode<CompleteParams>(m.params).ok());
}

TEST_CASE("A value of the wrong type is refused by the key's name", "[unit]") {
  CHECK(refusal("n", "\xa1x") == "'n' must be a whole number from 0 to 4294967295");
  CHECK(refusal("n", "\xff") == "'n' must be a whole number from 0 to 4294967295");
  CHECK(refusal("n", "\xca\x3f\xc0\x00\x00"s) == "'n' must be a whole number from 0 to 4294967295");
  CHECK(refusal("n", "\xcf\x00\x00\x00\x01\x00\x00\x00\x00"s) ==
        "'n' must be a whole number from 0 to 4294967295");
  CHECK(refusal("prefix", "\x01") == "'prefix' must be a text (str or bin)");
  CHECK(refusal("temperature", "\xc3") == "'temperature' must be a number");
  CHECK(refusal("temperature", "\xcb\x7e\x37\xe4\x3c\x88\x00\x75\x9c"s) ==
        "'temperature' must be a number that a 32-bit float holds");
  CHECK(refusal("healing", "\x01") == "'healing' must be true or false");
}

TEST_CASE("Whole floats are integers, integers are floats, nil is absent", "[unit]") {
  CHECK(complete_with("n", "\xca\x40\x40\x00\x00"s)->n == 3);
  CHECK(complete_with("temperature", "\x02")->temperature == 2.0f);
  CHECK(complete_with("temperature", "\xff")->temperature == -1.0f);  // the engine's to refuse
  CHECK(complete_with("n", "\xc0")->n == 1);
  CHECK_FALSE(complete_with("seed", "\xc0")->seed.has_value());
  CHECK(complete_with("seed", "\x07")->seed == 7u);
}

TEST_CASE("Unknown keys are ignored, whatever they hold", "[unit]") {
  CHECK(complete_with("zzz", "\x92\x81\x01\x02\xd4\x01x")->n == 1);
  CHECK(decode<CompleteParams>(parse("\x94\x00\x07\xa1x\x91\x82\x01\x02\xa1n\x05"s).params)->n ==
        5);
}

TEST_CASE("A missing required key is named", "[unit]") {
  Result<CancelParams> r = decode<CancelParams>(parse("\x94\x00\x07\xa1x\x91\x80"s).params);
  REQUIRE_FALSE(r.ok());
  CHECK(r.error().message == "'request' is missing");
}

TEST_CASE("Texts pass as str where they are UTF-8 and as bin where not", "[unit]") {
  for (const std::string& text : {"caf\xc3\xa9"s, "\xc3"s, ""s, "a\0b"s, "\xed\xa0\x80"s}) {
    const std::string bytes = encode_notification(ChunkNotice{1, 0, text});
    const unsigned char tail_head =
        bytes[bytes.size() - text.size() - (is_valid_utf8(text) ? 1 : 2)];
    CHECK(tail_head == (is_valid_utf8(text) ? 0xa0 + text.size() : 0xc4));
    CHECK(decode<ChunkNotice>(parse(bytes).params)->text == text);
  }
}

TEST_CASE("UTF-8 is judged as RFC 3629 says", "[unit]") {
  for (const std::string& good :
       {""s, "a"s, "\xc2\x80"s, "\xdf\xbf"s, "\xe0\xa0\x80"s, "\xed\x9f\xbf"s, "\xee\x80\x80"s,
        "\xf0\x90\x80\x80"s, "\xf4\x8f\xbf\xbf"s, "\0"s}) {
    CHECK(is_valid_utf8(good));
  }
  for (const std::string& bad :
       {"\x80"s, "\xc0\x80"s, "\xc1\xbf"s, "\xc3"s, "\xe0\x9f\xbf"s, "\xe2\x82"s, "\xed\xa0\x80"s,
        "\xf0\x8f\xbf\xbf"s, "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "a\xff"s, "\xc3\xc3"s}) {
    CHECK_FALSE(is_valid_utf8(bad));
  }
}

TEST_CASE("Errors keep their code over the wire", "[unit]") {
  const Message m = parse(encode_error(9, {ErrorCode::kBusy, "full"}));
  REQUIRE(m.failed);
  CHECK(m.error.code == ErrorCode::kBusy);
  CHECK(m.error.message == "full");
  CHECK(to_error({"from_the_future", "x"}).code == ErrorCode::kInternal);
  CHECK(to_error({"from_the_future", "x"}).message == "from_the_future: x");
  // A plain string, as some MessagePack-RPC servers send.
  CHECK(parse("\x94\x01\x09\xa3"s + "bad\xc0").error.message == "bad");
}
