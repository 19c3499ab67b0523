#include "protocol/frame.h"

#include <catch2/catch.hpp>
#include <random>

#include "protocol/codec.h"
#include "tests/protocol/samples.h"

using namespace understory;
using namespace understory::protocol;
using namespace std::string_view_literals;

namespace {

// Feeds all of `bytes` and takes frames until none is left.
Result<std::vector<std::string>> split(std::string_view bytes, FrameLimits limits,
                                       std::size_t step) {
  FrameSplitter splitter(limits);
  std::vector<std::string> frames;
  for (std::size_t i = 0; i < bytes.size(); i += step) {
    splitter.append(bytes.substr(i, step));
    for (;;) {
      Result<std::optional<std::string_view>> frame = splitter.next();
      if (!frame) return frame.error();
      if (!frame->has_value()) break;
      frames.emplace_back(**frame);
    }
  }
  return frames;
}

ErrorCode split_error(std::string_view bytes, FrameLimits limits = kRequestLimits) {
  Result<std::vector<std::string>> frames = split(bytes, limits, bytes.size());
  REQUIRE_FALSE(frames.ok());
  return frames.error().code;
}

}  // namespace

TEST_CASE("A stream is cut into the same frames however it arrives", "[unit]") {
  std::string stream;
  std::vector<std::string> expected;
  for (const auto& [name, bytes] : samples::all()) {
    stream += bytes;
    expected.push_back(bytes);
  }
  for (std::size_t step : {1u, 2u, 3u, 7u, 64u, 100000u}) {
    Result<std::vector<std::string>> frames = split(stream, kRequestLimits, step);
    REQUIRE(frames.ok());
    REQUIRE(*frames == expected);
  }
}

TEST_CASE("Every MessagePack head is understood", "[unit]") {
  const std::string with_nul = std::string("\xd4\x01", 2) + "x";
  const std::vector<std::string> values = {std::string(1, '\0'),
                                           "\x7f",
                                           "\xe0",
                                           "\xff",
                                           "\xc0",
                                           "\xc2",
                                           "\xc3",
                                           "\x80",
                                           "\x90",
                                           "\xa0",
                                           "\xa3"
                                           "abc",
                                           std::string("\xc4\x02"
                                                       "ab"),
                                           std::string("\xc5\x00\x01"
                                                       "a",
                                                       4),
                                           std::string("\xc6\x00\x00\x00\x01"
                                                       "a",
                                                       6),
                                           std::string("\xc7\x01\x05"
                                                       "a"),
                                           std::string("\xc8\x00\x01\x05"
                                                       "a",
                                                       5),
                                           std::string("\xc9\x00\x00\x00\x01\x05"
                                                       "a",
                                                       7),
                                           "\xca"
                                           "abcd",
                                           "\xcb"
                                           "abcdefgh",
                                           "\xcc"
                                           "a",
                                           "\xcd"
                                           "ab",
                                           "\xce"
                                           "abcd",
                                           "\xcf"
                                           "abcdefgh",
                                           "\xd0"
                                           "a",
                                           "\xd1"
                                           "ab",
                                           "\xd2"
                                           "abcd",
                                           "\xd3"
                                           "abcdefgh",
                                           with_nul,
                                           "\xd5\x01"
                                           "ab",
                                           "\xd6\x01"
                                           "abcd",
                                           "\xd7\x01"
                                           "abcdefgh",
                                           "\xd8\x01"
                                           "abcdefghabcdefgh",
                                           "\xd9\x01"
                                           "a",
                                           std::string("\xda\x00\x01"
                                                       "a",
                                                       4),
                                           std::string("\xdb\x00\x00\x00\x01"
                                                       "a",
                                                       6),
                                           std::string("\xdc\x00\x01\x01", 4),
                                           std::string("\xdd\x00\x00\x00\x01\x01", 6),
                                           std::string("\xde\x00\x01\x01\x02", 5),
                                           std::string("\xdf\x00\x00\x00\x01\x01\x02", 7)};
  std::string stream;
  for (const std::string& value : values) stream += value;
  for (std::size_t step : {1u, 5u, 100000u}) {
    Result<std::vector<std::string>> frames = split(stream, kRequestLimits, step);
    REQUIRE(frames.ok());
    REQUIRE(*frames == values);
  }
}

TEST_CASE("A length beyond the limit is refused before its bytes arrive", "[unit]") {
  CHECK(split_error("\xdb\xff\xff\xff\xff"sv) == ErrorCode::kProtocol);  // str of 4 GiB
  CHECK(split_error("\xc6\x00\x40\x00\x01"sv) == ErrorCode::kProtocol);  // bin of 4 MiB + 1
  CHECK(split_error("\xdd\xff\xff\xff\xff"sv) == ErrorCode::kProtocol);  // array
  CHECK(split_error("\xdf\xff\xff\xff\xff"sv) == ErrorCode::kProtocol);  // map
  CHECK(split_error("\xc1") == ErrorCode::kProtocol);                    // reserved
}

TEST_CASE("A frame of exactly the limit passes and one byte more does not", "[unit]") {
  const FrameLimits limits{10, 100};
  const std::string fits =
      "\xa9"
      "123456789";
  REQUIRE(split(fits, limits, 1)->size() == 1);
  CHECK(split_error("\xaa"
                    "1234567890",
                    limits) == ErrorCode::kProtocol);
  CHECK(split_error("\x92\xa4"
                    "1234"
                    "\xa4"
                    "1234",
                    limits) == ErrorCode::kProtocol);
}

TEST_CASE("Nesting of 32 passes and 33 does not", "[unit]") {
  const std::string fits = std::string(32, '\x91') + '\x01';
  REQUIRE(split(fits, kRequestLimits, 3)->size() == 1);
  CHECK(split_error(std::string(33, '\x91') + '\x01') == ErrorCode::kProtocol);
  CHECK(split_error(std::string(33, '\x90').replace(0, 32, std::string(32, '\x91'))) ==
        ErrorCode::kProtocol);
}

TEST_CASE("Values are counted over the whole frame", "[unit]") {
  const FrameLimits limits{1000, 10};
  REQUIRE(split(std::string("\x99") + std::string(9, '\x01'), limits, 1)->size() == 1);
  CHECK(split_error(std::string("\x9a") + std::string(10, '\x01'), limits) == ErrorCode::kProtocol);
  const std::string nested = std::string("\x92") + "\x94" + std::string(4, '\x01') + "\x94";
  CHECK(split_error(nested, limits) == ErrorCode::kProtocol);
}

TEST_CASE("The id of a broken request is found where its head has arrived", "[unit]") {
  const auto id_of = [](std::string_view bytes) {
    FrameSplitter splitter(kRequestLimits);
    splitter.append(bytes);
    (void)splitter.next();
    return splitter.pending_request_id();
  };
  CHECK(id_of(std::string_view("\x94\x00\x05\xc1", 4)) == 5u);
  CHECK(id_of(std::string_view("\x94\x00\xcc\xc8\xc1", 5)) == 200u);
  CHECK(id_of(std::string_view("\x94\x00\xcd\x01\x02\xc1", 6)) == 0x102u);
  CHECK(id_of(std::string_view("\x94\x00\xce\x01\x02\x03\x04\xc1", 8)) == 0x1020304u);
  CHECK(id_of(std::string_view("\x94\x00\xce\x01", 4)) == std::nullopt);
  CHECK(id_of(std::string_view("\x94\x01\x05\xc1", 4)) == std::nullopt);
  CHECK(id_of("\xc1") == std::nullopt);
}

TEST_CASE("Random and mutated bytes never harm the splitter or the parser", "[unit]") {
  std::mt19937 random(20240601);
  const auto messages = samples::all();
  int n_parsed = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = messages[random() % messages.size()].second;
    const unsigned n_changes = random() % 4;
    for (unsigned i = 0; i < n_changes; ++i) bytes[random() % bytes.size()] = char(random());
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    if (random() % 8 == 0) {
      for (char& c : bytes) c = char(random());
    }
    Result<std::vector<std::string>> frames = split(bytes, kRequestLimits, 1 + random() % 40);
    if (!frames) continue;
    for (const std::string& frame : *frames) {
      FrameError problem;
      const std::optional<Message> m = parse_message(frame, problem);
      if (!m) {
        REQUIRE_FALSE(problem.error.message.empty());
        continue;
      }
      ++n_parsed;
      (void)decode<CompleteParams>(m->params);
      (void)decode<StatusResult>(m->result);
      (void)decode<CompleteResult>(m->result);
      (void)decode<DoneNotice<ScoreResult>>(m->params);
    }
  }
  REQUIRE(n_parsed > 1000);
}
