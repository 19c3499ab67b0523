#include "daemon/engine/utf8_stream.h"

#include <utility>

#include "daemon/engine/utf8.h"

namespace understory::engine {

std::string Utf8Stream::push(std::string_view bytes) {
  held_ += bytes;
  std::size_t end = 0;
  while (end < held_.size()) {
    const std::string_view rest = std::string_view(held_).substr(end);
    const Utf8State state = utf8_state(rest);
    if (state == Utf8State::kTruncated) break;
    end += state == Utf8State::kWhole ? utf8_length(static_cast<unsigned char>(rest[0])) : 1;
  }
  std::string whole = held_.substr(0, end);
  held_.erase(0, end);
  return whole;
}

std::string Utf8Stream::flush() {
  return std::exchange(held_, {});
}

}  // namespace understory::engine
