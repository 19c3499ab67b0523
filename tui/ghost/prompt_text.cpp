#include "tui/ghost/prompt_text.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace understory::tui {

namespace {

std::string with_line_feeds(std::string bytes) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n') continue;
    bytes[out++] = bytes[i];
  }
  bytes.resize(out);
  return bytes;
}

}  // namespace

PromptText prompt_text(const Text& text, std::size_t offset) {
  std::size_t begin = 0;
  if (offset > kPromptBytes) {
    constexpr std::size_t kStepBytes = kPromptBytes / 4;
    const std::size_t from = (offset - kPromptBytes) / kStepBytes * kStepBytes + kStepBytes;
    begin = text.line_start(text.line_of(from) + 1);
    if (begin >= offset) begin = from;
  }
  return {with_line_feeds(text.substr(begin, offset - begin)), begin};
}

std::string suffix_text(const Text& text, std::size_t offset) {
  constexpr std::size_t kSuffixBytes = 1024;
  std::string bytes = text.substr(offset, std::min(kSuffixBytes, text.size() - offset));
  while (offset + bytes.size() < text.size() && !bytes.empty() &&
         is_continuation(text.at(offset + bytes.size()))) {
    bytes.pop_back();  // not half a character
  }
  return with_line_feeds(std::move(bytes));
}

}  // namespace understory::tui
