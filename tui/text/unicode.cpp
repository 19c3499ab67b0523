#include "tui/text/unicode.h"

#include <utf8proc.h>

#include <algorithm>

#include "tui/text/text.h"

namespace understory::tui {
namespace {

constexpr std::size_t kClusterWindowBytes = 512;  // longer clusters are cut there

bool is_printable_ascii(unsigned char c) {
  return c >= 0x20 && c < 0x7F;
}

bool is_control(char32_t c) {
  return c < 0x20 || c == 0x7F || (c >= 0x80 && c < 0xA0);
}

}  // namespace

Decoded decode_utf8(std::string_view bytes, std::size_t at) {
  const auto* s = reinterpret_cast<const utf8proc_uint8_t*>(bytes.data() + at);
  utf8proc_int32_t c = 0;
  const utf8proc_ssize_t n = utf8proc_iterate(
      s, static_cast<utf8proc_ssize_t>(std::min<std::size_t>(bytes.size() - at, 4)), &c);
  if (n <= 0 || c < 0) return {};
  return {static_cast<char32_t>(c), static_cast<std::size_t>(n), true};
}

void append_utf8(std::string& out, char32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t n = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(n));
}

bool is_valid_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    if (static_cast<unsigned char>(bytes[i]) < 0x80) {
      ++i;
      continue;
    }
    const Decoded d = decode_utf8(bytes, i);
    if (!d.is_valid) return false;
    i += d.length;
  }
  return true;
}

bool is_word_character(char32_t c) {
  if (c < 0x80) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

bool is_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D);
  return c == 0x1680 || (c >= 0x2000 && c <= 0x200B && c != 0x2007) || c == 0x205F || c == 0x3000 ||
         c == 0x2028 || c == 0x2029;
}

bool is_upper(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z';
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT;
}

char32_t fold_case(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

int column_width(char32_t c) {
  if (c < 0x80) return is_control(c) ? 0 : 1;
  if (is_control(c)) return 0;
  return std::clamp(utf8proc_charwidth(static_cast<utf8proc_int32_t>(c)), 0, 2);
}

bool is_joined_emoji(char32_t before, char32_t c) {
  constexpr char32_t kZeroWidthJoiner = 0x200D;
  const bool is_modifier = c >= 0x1F3FB && c <= 0x1F3FF;
  const bool is_pictograph = c >= 0x2190 && column_width(c) > 0 && !is_word_character(c);
  return is_modifier || (before == kZeroWidthJoiner && is_pictograph);
}

Cluster cluster_at(std::string_view bytes, std::size_t at) {
  const auto first = static_cast<unsigned char>(bytes[at]);
  const std::size_t left = bytes.size() - at;
  if (first < 0x80 && (left == 1 || static_cast<unsigned char>(bytes[at + 1]) < 0x80)) {
    if (is_printable_ascii(first)) return {1, 1};
    if (first == '\r' && left > 1 && bytes[at + 1] == '\n') return {2, 0};
    return {1, first == '\t' || first == '\n' ? 0 : 2};
  }
  Decoded d = decode_utf8(bytes, at);
  if (!d.is_valid) return {1, 1};
  if (is_control(d.code_point))
    return {d.length, d.code_point == '\t' || d.code_point == '\n' ? 0 : 2};
  Cluster cluster{d.length, column_width(d.code_point)};
  utf8proc_int32_t state = 0;
  auto previous = static_cast<utf8proc_int32_t>(d.code_point);
  while (at + cluster.length < bytes.size() && cluster.length < kClusterWindowBytes) {
    d = decode_utf8(bytes, at + cluster.length);
    if (!d.is_valid || is_control(d.code_point)) break;
    const auto c = static_cast<utf8proc_int32_t>(d.code_point);
    if (utf8proc_grapheme_break_stateful(previous, c, &state)) break;
    cluster.length += d.length;
    if (!is_joined_emoji(static_cast<char32_t>(previous), d.code_point)) {
      cluster.width += column_width(d.code_point);
    }
    previous = c;
  }
  // A mark without a letter still needs a place to stand.
  cluster.width = std::max(cluster.width, 1);
  return cluster;
}

std::size_t next_cluster(const Text& text, std::size_t offset) {
  if (offset >= text.size()) return text.size();
  std::size_t start = 0;
  std::string_view chunk = text.chunk_at(offset, &start);
  chunk.remove_prefix(offset - start);
  // Most characters are followed by ASCII in the same piece.
  if (chunk.size() > 2 && static_cast<unsigned char>(chunk[0]) < 0x80 &&
      static_cast<unsigned char>(chunk[1]) < 0x80) {
    return offset + cluster_at(chunk, 0).length;
  }
  const std::string window =
      text.substr(offset, std::min(text.size() - offset, kClusterWindowBytes + 4));
  return offset + cluster_at(window, 0).length;
}

std::size_t previous_cluster(const Text& text, std::size_t offset) {
  if (offset == 0) return 0;
  // Between two ASCII characters there is always a boundary (but in "\r\n"): walk on from there.
  TextReader bytes(text);
  std::size_t start = offset - 1;
  const std::size_t lowest = offset > kClusterWindowBytes ? offset - kClusterWindowBytes : 0;
  while (start > lowest &&
         (bytes[start] >= 0x80 || bytes[start - 1] >= 0x80 || bytes[start] == '\n')) {
    --start;
  }
  const std::string window =
      text.substr(start, std::min(text.size(), offset + kClusterWindowBytes) - start);
  std::size_t at = 0;
  while (true) {
    const std::size_t next = at + cluster_at(window, at).length;
    if (start + next >= offset) return start + at;
    at = next;
  }
}

int display_width(std::string_view bytes) {
  int width = 0;
  for (std::size_t i = 0; i < bytes.size();) {
    const Cluster c = cluster_at(bytes, i);
    width += bytes[i] == '\t' ? 1 : c.width;
    i += c.length;
  }
  return width;
}

std::string_view clip_to_width(std::string_view bytes, int columns) {
  int width = 0;
  std::size_t i = 0;
  while (i < bytes.size()) {
    const Cluster c = cluster_at(bytes, i);
    width += bytes[i] == '\t' ? 1 : c.width;
    if (width > columns) break;
    i += c.length;
  }
  return bytes.substr(0, i);
}

}  // namespace understory::tui
