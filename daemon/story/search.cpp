// Searching texts, case folded by utf8proc. Bytes that are not UTF-8 stand for themselves.
#include <utf8proc.h>

#include <algorithm>
#include <array>

#include "daemon/story/views.h"

namespace understory::story {
namespace {

// A folded text, and for each of its bytes where in the text it comes from.
struct Folded {
  std::string bytes;
  std::vector<std::uint32_t> from;

  void clear() {
    bytes.clear();
    from.clear();
  }
  void add(char byte, std::size_t offset) {
    bytes += byte;
    from.push_back(static_cast<std::uint32_t>(offset));
  }
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// One character beyond ASCII. Its canonical decomposition, so that both ways to write é are one.
std::size_t fold_character(std::string_view text, std::size_t at, bool match_case, Folded& out) {
  utf8proc_int32_t code = -1;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
  const auto size = static_cast<utf8proc_ssize_t>(std::min<std::size_t>(text.size() - at, 4));
  const utf8proc_ssize_t n = utf8proc_iterate(bytes, size, &code);
  if (n <= 0 || code < 0) {
    out.add(text[at], at);
    return 1;
  }
  std::array<utf8proc_int32_t, 16> folded{};
  int boundary = 0;
  const int options = UTF8PROC_DECOMPOSE | (match_case ? 0 : UTF8PROC_CASEFOLD);
  const utf8proc_ssize_t n_codes = utf8proc_decompose_char(
      code, folded.data(), std::ssize(folded), static_cast<utf8proc_option_t>(options), &boundary);
  for (utf8proc_ssize_t i = 0; i < std::min(n_codes, std::ssize(folded)); ++i) {
    std::array<utf8proc_uint8_t, 4> encoded{};
    const utf8proc_ssize_t length =
        utf8proc_encode_char(folded[static_cast<std::size_t>(i)], encoded.data());
    for (utf8proc_ssize_t b = 0; b < length; ++b) {
      out.add(static_cast<char>(encoded[static_cast<std::size_t>(b)]), at);
    }
  }
  return static_cast<std::size_t>(n);
}

void fold(std::string_view text, bool match_case, Folded& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      out.add(match_case ? text[at] : lower(text[at]), at);
      ++at;
    } else {
      at += fold_character(text, at, match_case, out);
    }
  }
}

// A combining mark right behind would make it another letter than was asked for.
bool mark_follows(const Folded& folded, std::size_t end) {
  if (end >= folded.bytes.size()) return false;
  utf8proc_int32_t code = -1;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(folded.bytes.data() + end);
  const auto size =
      static_cast<utf8proc_ssize_t>(std::min<std::size_t>(folded.bytes.size() - end, 4));
  if (utf8proc_iterate(bytes, size, &code) <= 0) return false;
  return utf8proc_get_property(code)->combining_class != 0;
}

}  // namespace

Matches search(const Node& top, std::string_view query, SearchOptions options) {
  Matches out;
  Folded wanted;
  fold(query, options.match_case, wanted);
  if (wanted.bytes.empty()) return out;
  Folded folded;
  walk(top, [&](const Node& node, std::uint32_t) {
    if (out.more || (!options.trash && node.trashed_ms != 0)) return false;
    fold(node.text, options.match_case, folded);
    for (std::size_t at = folded.bytes.find(wanted.bytes); at != std::string::npos;
         at = folded.bytes.find(wanted.bytes, at)) {
      const std::size_t end = at + wanted.bytes.size();
      const bool begins = at == 0 || folded.from[at] != folded.from[at - 1];
      const bool ends = end == folded.bytes.size() || folded.from[end] != folded.from[end - 1];
      if (!begins || !ends || mark_follows(folded, end)) {
        ++at;
        continue;
      }
      if (out.matches.size() == options.limit) {
        out.more = true;
        break;
      }
      const std::size_t offset = folded.from[at];
      const std::size_t stop = end == folded.bytes.size() ? node.text.size() : folded.from[end];
      out.matches.push_back({node.id, offset, stop - offset});
      at = end;
    }
    return true;
  });
  return out;
}

}  // namespace understory::story
