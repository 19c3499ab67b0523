// The bytes on the wire are a contract: clients are written against them. A golden file holds
// what it means as JSON (checked by golden_check.py with another MessagePack library) and its
// bytes in hex. UNDERSTORY_WRITE_GOLDEN=1 writes the hex lines anew.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "protocol/frame.h"
#include "tests/protocol/samples.h"

using namespace understory;
using namespace understory::protocol;

namespace {

std::string path_of(const std::string& name) {
  return std::string(UNDERSTORY_GOLDEN_DIR) + "/" + name + ".hex";
}

std::string to_hex(const std::string& bytes) {
  std::string hex;
  for (unsigned char c : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[c >> 4];
    hex += kDigits[c & 15];
  }
  return hex;
}

// The golden file's last line that is not a comment.
std::string read_hex(const std::string& name) {
  std::ifstream file(path_of(name));
  std::string hex;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') hex = line;
  }
  return hex;
}

Message parse(const std::string& bytes) {
  FrameError problem;
  std::optional<Message> m = parse_message(bytes, problem);
  INFO(problem.error.message);
  REQUIRE(m.has_value());
  return *m;
}

template <class T>
T decoded(const Value& value) {
  Result<T> r = decode<T>(value);
  if (!r) FAIL(r.error().message);
  return *r;
}

}  // namespace

TEST_CASE("Every kind of message is encoded to its golden bytes", "[unit]") {
  for (const auto& [name, bytes] : samples::all()) {
    INFO(name);
    if (std::getenv("UNDERSTORY_WRITE_GOLDEN") != nullptr) {
      std::ofstream(path_of(name)) << to_hex(bytes) << "\n";
    }
    CHECK(read_hex(name) == to_hex(bytes));
  }
}

TEST_CASE("Golden messages are one whole frame each", "[unit]") {
  for (const auto& [name, bytes] : samples::all()) {
    INFO(name);
    FrameSplitter splitter(kRequestLimits);
    splitter.append(bytes);
    Result<std::optional<std::string_view>> frame = splitter.next();
    REQUIRE(frame.ok());
    REQUIRE(*frame == bytes);
    frame = splitter.next();
    REQUIRE(frame.ok());
    REQUIRE_FALSE(frame->has_value());
  }
}

TEST_CASE("Decoding and encoding again gives the same bytes", "[unit]") {
  for (const auto& sample : samples::all()) {
    const std::string& name = sample.first;
    const std::string& bytes = sample.second;
    INFO(name);
    const Message m = parse(bytes);
    const auto again = [&]() -> std::string {
      if (name == "hello_request") return encode_request(m.id, decoded<HelloParams>(m.params));
      if (name == "hello_response") return encode_response(m.id, decoded<HelloResult>(m.result));
      if (name == "complete_request") {
        return encode_request(m.id, decoded<CompleteParams>(m.params));
      }
      if (name == "complete_request_notification") {
        REQUIRE(request_number(m.params) == 7u);
        return encode_request_notification(7, decoded<CompleteParams>(m.params));
      }
      if (name == "complete_response") {
        return encode_response(m.id, decoded<CompleteResult>(m.result));
      }
      if (name == "cancel_request") return encode_request(m.id, decoded<CancelParams>(m.params));
      if (name == "cancel_notification") {
        return encode_request_notification(0, decoded<CancelParams>(m.params));
      }
      if (name == "cancel_response") return encode_response(m.id, decoded<CancelResult>(m.result));
      if (name == "rank_request") return encode_request(m.id, decoded<RankParams>(m.params));
      if (name == "rank_response") return encode_response(m.id, decoded<RankResult>(m.result));
      if (name == "score_request") return encode_request(m.id, decoded<ScoreParams>(m.params));
      if (name == "score_response") return encode_response(m.id, decoded<ScoreResult>(m.result));
      if (name == "tokenize_request") {
        return encode_request(m.id, decoded<TokenizeParams>(m.params));
      }
      if (name == "tokenize_response") {
        return encode_response(m.id, decoded<TokenizeResult>(m.result));
      }
      if (name == "detokenize_request") {
        return encode_request(m.id, decoded<DetokenizeParams>(m.params));
      }
      if (name == "detokenize_response") {
        return encode_response(m.id, decoded<DetokenizeResult>(m.result));
      }
      if (name == "status_request") return encode_request(m.id, decoded<StatusParams>(m.params));
      if (name == "status_response") return encode_response(m.id, decoded<StatusResult>(m.result));
      if (name == "shutdown_request") {
        return encode_request(m.id, decoded<ShutdownParams>(m.params));
      }
      if (name == "shutdown_response") {
        return encode_response(m.id, decoded<ShutdownResult>(m.result));
      }
      if (name == "story_open_request") {
        return encode_request(m.id, decoded<StoryOpenParams>(m.params));
      }
      if (name == "story_open_response") {
        return encode_response(m.id, decoded<StoryOpenResult>(m.result));
      }
      if (name == "story_node_response") {
        return encode_response(m.id, decoded<StoryNodeResult>(m.result));
      }
      if (name == "story_edit_request") {
        return encode_request(m.id, decoded<StoryEditParams>(m.params));
      }
      if (name == "story_edit_response") {
        return encode_response(m.id, decoded<StoryChange>(m.result));
      }
      if (name == "story_sync_request") {
        return encode_request(m.id, decoded<StorySyncParams>(m.params));
      }
      if (name == "story_add_request") {
        return encode_request(m.id, decoded<StoryAddParams>(m.params));
      }
      if (name == "story_changed_notification") {
        return encode_notification(decoded<StoryChangedNotice>(m.params));
      }
      if (name == "error_response") return encode_error(m.id, m.error);
      if (name == "chunk_notification") {
        return encode_notification(decoded<ChunkNotice>(m.params));
      }
      if (name == "progress_notification" || name == "progress_notification_failed") {
        return encode_notification(decoded<ProgressNotice>(m.params));
      }
      if (name == "done_notification" || name == "done_notification_failed") {
        return encode_notification(decoded<DoneNotice<CompleteResult>>(m.params));
      }
      if (name == "chunk_notification_lua" || name == "error_response_neovim")
        return bytes;  // for Neovim's eyes only
      return "this sample has no decoder in the test";
    };
    CHECK(again() == bytes);
  }
}
