// Bytes from a client: whatever they are, the splitter and the codec answer with messages or
// errors, and what decodes can be encoded and decoded again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "protocol/codec.h"
#include "protocol/frame.h"

using namespace understory;
using namespace understory::protocol;

namespace {

template <class T>
void decode_twice(const Value& map) {
  const Result<T> first = decode<T>(map);
  if (!first) return;
  FrameError problem;
  const std::string bytes = encode_response(1, *first);
  const std::optional<Message> again = parse_message(bytes, problem);
  if (!again || !decode<T>(again->result)) std::abort();
}

void read(std::string_view frame) {
  FrameError problem;
  const std::optional<Message> m = parse_message(frame, problem);
  if (!m) return;
  (void)request_number(m->params);
  (void)decode<HelloParams>(m->params);
  (void)decode<CompleteParams>(m->params);
  (void)decode<ScoreParams>(m->params);
  (void)decode<TokenizeParams>(m->params);
  (void)decode<DetokenizeParams>(m->params);
  (void)decode<ChunkNotice>(m->params);
  (void)decode<DoneNotice<CompleteResult>>(m->params);
  decode_twice<HelloResult>(m->result);
  decode_twice<CompleteResult>(m->result);
  decode_twice<ScoreResult>(m->result);
  decode_twice<TokenizeResult>(m->result);
  decode_twice<StatusResult>(m->result);
}

}  // namespace

// The first byte sets how the rest is cut into reads.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t step = 1 + data[0];
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  FrameSplitter splitter(kRequestLimits);
  while (!bytes.empty()) {
    splitter.append(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    for (;;) {
      const Result<std::optional<std::string_view>> frame = splitter.next();
      if (!frame) {
        (void)splitter.pending_request_id();
        return 0;
      }
      if (!frame->has_value()) break;
      read(**frame);
    }
  }
  return 0;
}
