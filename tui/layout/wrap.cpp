#include "tui/layout/wrap.h"

#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr std::string_view kEnDash = "\xE2\x80\x93";
constexpr std::string_view kEmDash = "\xE2\x80\x94";
constexpr std::string_view kHyphen = "\xE2\x80\x90";

bool is_space_at(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c < 0x80) return c == ' ' || c == '\t';
  const Decoded d = decode_utf8(text, at);
  return d.is_valid && is_space(d.code_point);
}

bool is_alphanumeric(std::string_view text, std::size_t at) {
  return at < text.size() && is_word_character(decode_utf8(text, at).code_point);
}

/// Closing punctuation and small kana, which must not begin a row of wide text.
bool is_closing(char32_t c) {
  switch (c) {
    case 0x3001:
    case 0x3002:
    case 0x300D:
    case 0x300F:
    case 0x3011:
    case 0x3015:
    case 0xFF09:
    case 0xFF0C:
    case 0xFF0E:
    case 0xFF1A:
    case 0xFF1B:
    case 0xFF01:
    case 0xFF1F:
    case 0x30FC:
    case 0x3063:
    case 0x3083:
    case 0x3085:
    case 0x3087:
      return true;
    default:
      return false;
  }
}

/// May a row end between the cluster [at, next) and what follows?
bool breaks_after(std::string_view text, std::size_t at, std::size_t next, int width) {
  const std::string_view cluster = text.substr(at, next - at);
  if (next >= text.size()) return false;
  if (cluster == kEnDash || cluster == kEmDash) return !is_space_at(text, next);
  if (cluster == "-" || cluster == kHyphen) {
    return at > 0 && is_alphanumeric(text, next) && !is_space_at(text, at - 1);
  }
  if (width == 2) {
    const Decoded following = decode_utf8(text, next);
    return column_width(following.code_point) == 2 && !is_closing(following.code_point);
  }
  return false;
}

}  // namespace

int advance(std::string_view text, std::size_t at, int cluster_width, int column) {
  return text[at] == '\t' ? kTabColumns - column % kTabColumns : cluster_width;
}

std::vector<std::size_t> wrap(std::string_view text, int measure, std::size_t held) {
  std::vector<std::size_t> rows{0};
  int column = 0;
  std::size_t break_at = 0;  // the last place where the row may end; 0: none yet
  int break_column = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (at > 0 && at == held) {
      break_at = at;
      break_column = column;
    }
    Cluster cluster = cluster_at(text, at);
    if (at < held && at + cluster.length > held) cluster.length = held - at;
    const std::size_t next = at + cluster.length;
    const bool space = is_space_at(text, at);
    const int width = advance(text, at, cluster.width, column);
    if (!space && column + width > measure && column > 0) {
      if (break_at > rows.back()) {
        rows.push_back(break_at);
        column -= break_column;
      } else {
        rows.push_back(at);
        column = 0;
      }
      break_at = 0;
      // The rest of a long word may itself not fit yet.
      if (column + width > measure && column > 0) {
        rows.push_back(at);
        column = 0;
      }
    }
    column += width;
    at = next;
    if (space || breaks_after(text, at - cluster.length, at, cluster.width)) {
      break_at = at;
      break_column = column;
    }
  }
  return rows;
}

int column_of(std::string_view text, std::size_t row_start, std::size_t offset) {
  int column = 0;
  for (std::size_t at = row_start; at < offset && at < text.size();) {
    const Cluster cluster = cluster_at(text, at);
    column += advance(text, at, cluster.width, column);
    at += cluster.length;
  }
  return column;
}

std::size_t offset_at(std::string_view text, std::size_t row_start, std::size_t row_end, int column,
                      bool is_last_row) {
  int now = 0;
  std::size_t last = row_start;
  for (std::size_t at = row_start; at < row_end;) {
    const Cluster cluster = cluster_at(text, at);
    const int width = advance(text, at, cluster.width, now);
    if (now + width > column) return at;
    last = at;
    now += width;
    at += cluster.length;
  }
  // Behind a wrapped row's last cluster is the next row's first place.
  return is_last_row ? row_end : last;
}

}  // namespace understory::tui
