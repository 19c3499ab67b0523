#include "cli/text.h"

#include <utf8proc.h>

#include <cstdint>
#include <cstdio>

#include "base/utf8.h"

namespace understory::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::int32_t code_point(std::string_view character) {
  utf8proc_int32_t value = -1;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(character.data()),
                   static_cast<utf8proc_ssize_t>(character.size()), &value);
  return value;
}

/// Calls each(piece, valid): a whole character, or one byte that belongs to none.
template <class Each>
void for_each_character(std::string_view text, Each each) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    each(text.substr(0, length == 0 ? 1 : length), length != 0);
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1)
    return (first < 0x20 && first != '\n' && first != '\t') || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;  // C1
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  utf8proc_int32_t value = 0;
  const utf8proc_ssize_t length =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(text.size()), &value);
  return length > 0 ? static_cast<std::size_t>(length) : 0;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_character(
      text, [&](std::string_view piece, bool valid) { out += valid ? piece : kReplacement; });
  return out;
}

std::string safe_for_terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_character(text, [&](std::string_view piece, bool valid) {
    out += valid && !is_control(piece) ? piece : kReplacement;
  });
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += i + j <= bytes.size() ? kDigits[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return out;
}

std::string quote_text(std::string_view text) {
  std::string out = "\"";
  for_each_character(text, [&](std::string_view piece, bool valid) {
    if (piece == "\n") {
      out += "\\n";
    } else if (piece == "\t") {
      out += "\\t";
    } else if (piece == "\r") {
      out += "\\r";
    } else if (piece == "\"" || piece == "\\") {
      out += '\\';
      out += piece;
    } else if (valid && !is_control(piece)) {
      out += piece;
    } else {
      for (const char byte : piece) {
        char escape[5];
        std::snprintf(escape, sizeof escape, "\\x%02X", static_cast<unsigned char>(byte));
        out += escape;
      }
    }
  });
  return out += '"';
}

std::string_view utf8_tail(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  text.remove_prefix(text.size() - max_bytes);
  while (!text.empty() && is_continuation(text.front())) text.remove_prefix(1);
  return text;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for_each_character(text, [&](std::string_view piece, bool valid) {
    if (!valid) return;
    const int columns = utf8proc_charwidth(code_point(piece));
    if (columns > 0) width += static_cast<std::size_t>(columns);
  });
  return width;
}

}  // namespace understory::cli
