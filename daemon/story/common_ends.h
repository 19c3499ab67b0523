// How much two texts share at their ends, in bytes. Manuscripts are megabytes, so this compares
// blocks first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "base/utf8.h"

namespace understory::story {

inline constexpr std::size_t kCompareBlock = 256;

inline std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t n = 0;
  while (n + kCompareBlock <= most && std::memcmp(a.data() + n, b.data() + n, kCompareBlock) == 0) {
    n += kCompareBlock;
  }
  while (n < most && a[n] == b[n]) ++n;
  return n;
}

/// At most `most` bytes.
inline std::size_t common_suffix(std::string_view a, std::string_view b, std::size_t most) {
  std::size_t n = 0;
  while (n + kCompareBlock <= most &&
         std::memcmp(a.data() + a.size() - n - kCompareBlock,
                     b.data() + b.size() - n - kCompareBlock, kCompareBlock) == 0) {
    n += kCompareBlock;
  }
  while (n < most && a[a.size() - 1 - n] == b[b.size() - 1 - n]) ++n;
  return n;
}

/// Whether cutting there would cut a UTF-8 character.
inline bool cuts_character(std::string_view text, std::size_t at) {
  return at < text.size() && is_continuation(text[at]);
}

/// What is equal at both ends, whole characters of it.
struct CommonEnds {
  std::size_t head;
  std::size_t tail;
};
inline CommonEnds common_ends(std::string_view a, std::string_view b) {
  std::size_t head = common_prefix(a, b);
  while (head > 0 && (cuts_character(a, head) || cuts_character(b, head))) --head;
  std::size_t tail = common_suffix(a, b, std::min(a.size(), b.size()) - head);
  while (tail > 0 && (cuts_character(a, a.size() - tail) || cuts_character(b, b.size() - tail))) {
    --tail;
  }
  return {head, tail};
}

}  // namespace understory::story
