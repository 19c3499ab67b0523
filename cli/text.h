// Bytes that may not be UTF-8, made fit for a terminal or for JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace understory::cli {

/// Length in bytes of the valid UTF-8 character at the front of `text`; 0 where there is none.
std::size_t utf8_length(std::string_view text);

/// Each byte that is not part of a valid character becomes U+FFFD.
std::string replace_invalid_utf8(std::string_view text);

/// As above, and control characters other than newline and tab become U+FFFD, so that text can
/// not steer a terminal.
std::string safe_for_terminal(std::string_view text);

/// RFC 4648, with padding.
std::string base64(std::string_view bytes);

/// "ink\n" as "\"ink\\n\"": one line, quoted; bytes that are not UTF-8 as \xNN.
std::string quote_text(std::string_view text);

/// Whole characters of the end of `text`, at most max_bytes.
std::string_view utf8_tail(std::string_view text, std::size_t max_bytes);

/// Columns that the (safe) text takes on a terminal.
std::size_t display_width(std::string_view text);

}  // namespace understory::cli
