#include "cli/json_lines.h"

#include <catch2/catch.hpp>

#include "protocol/frame.h"

using namespace understory;
using namespace understory::cli;

namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

JsonLineError refused(std::string_view line) {
  JsonLineError problem;
  std::optional<std::uint32_t> request;
  CHECK_FALSE(frame_of_line(line, problem, request).has_value());
  return problem;
}

}  // namespace

TEST_CASE("A line becomes the golden bytes of its request", "[unit]") {
  JsonLineError problem;
  std::optional<std::uint32_t> request;
  const auto frame = frame_of_line(R"([0, 1, "status", [{}]])", problem, request);
  REQUIRE(frame.has_value());
  CHECK(*frame == bytes({0x94, 0x00, 0x01, 0xa6}) + "status" + bytes({0x91, 0x80}));
  CHECK(request == 1u);
}

TEST_CASE("A notification has no id to wait for", "[unit]") {
  JsonLineError problem;
  std::optional<std::uint32_t> request;
  CHECK(frame_of_line(R"([2, "cancel", [{"request": 7}]])", problem, request).has_value());
  CHECK_FALSE(request.has_value());
}

TEST_CASE("Lines that are no message are refused, with the request's id where it has one",
          "[unit]") {
  CHECK(refused("{").error.code == ErrorCode::kProtocol);
  CHECK(refused("17").error.code == ErrorCode::kProtocol);
  CHECK(refused(R"([0, -1, "status", []])").error.code == ErrorCode::kProtocol);
  CHECK(refused(R"([0, 4294967296, "status", []])").error.code == ErrorCode::kProtocol);
  CHECK(refused(R"([1, 1, null, {}])").error.code == ErrorCode::kProtocol);
  CHECK(refused(R"([0, 9, "status", {}])").request == 9u);
}

TEST_CASE("Nesting and size are bounded before anything is built from them", "[unit]") {
  CHECK(refused(std::string(1'000'000, '[')).error.code == ErrorCode::kProtocol);
  const std::string deep = std::string(31, '[') + std::string(31, ']');
  CHECK(refused("[0, 3, \"score\", [" + deep + "]]").request == 3u);
  const std::string large(protocol::kRequestLimits.max_bytes, 'a');
  const JsonLineError problem = refused("[0, 4, \"score\", [{\"text\": \"" + large + "\"}]]");
  CHECK(problem.error.code == ErrorCode::kInvalidArgument);
  CHECK(problem.request == 4u);
}

TEST_CASE("Bytes that are no character reach the daemon as replacement characters", "[unit]") {
  JsonLineError problem;
  std::optional<std::uint32_t> request;
  const auto frame = frame_of_line("[0, 1, \"score\", [{\"text\": \"a\xFFz\"}]]", problem, request);
  REQUIRE(frame.has_value());
  CHECK(frame->find("a\uFFFDz") != std::string::npos);
}

TEST_CASE("A frame becomes one line, whatever newlines its texts have", "[unit]") {
  std::optional<std::uint32_t> response;
  // [1, 5, nil, {"text": "a\nb"}]
  const auto line = line_of_frame(
      bytes({0x94, 1, 5, 0xc0, 0x81, 0xa4}) + "text" + bytes({0xa3}) + "a\nb", response);
  REQUIRE(line.ok());
  CHECK(*line == R"([1,5,null,{"text":"a\nb"}])");
  CHECK(response == 5u);
}

TEST_CASE("A text that is not UTF-8 comes with its bytes beside it", "[unit]") {
  std::optional<std::uint32_t> response;
  // [2, "chunk", [{"text": bin 'a' FF}]]
  const auto line = line_of_frame(bytes({0x93, 2, 0xa5}) + "chunk" + bytes({0x91, 0x81, 0xa4}) +
                                      "text" + bytes({0xc4, 2, 'a', 0xff}),
                                  response);
  REQUIRE(line.ok());
  CHECK(*line == "[2,\"chunk\",[{\"text\":\"a\uFFFD\",\"text_base64\":\"Yf8=\"}]]");
  CHECK_FALSE(response.has_value());
}

TEST_CASE("What is not MessagePack is an error", "[unit]") {
  std::optional<std::uint32_t> response;
  CHECK(line_of_frame(bytes({0xc1}), response).error().code == ErrorCode::kProtocol);
}

TEST_CASE("An error answers its request, or is a notification of its own", "[unit]") {
  const Error error{ErrorCode::kProtocol, "no"};
  CHECK(error_line({error, 3u}) == R"([1,3,{"code":"protocol","message":"no"},null])");
  CHECK(error_line({error, {}}) == R"([2,"error",[{"code":"protocol","message":"no"}]])");
}
