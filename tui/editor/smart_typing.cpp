#include "tui/editor/smart_typing.h"

#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

/// A quotation mark opens after nothing, a space, an opening bracket or a dash.
bool opens_after(const Text& text, std::size_t at) {
  if (at == 0) return true;
  const std::size_t before = previous_cluster(text, at);
  const std::string cluster = text.substr(before, at - before);
  const char32_t c = decode_utf8(cluster, 0).code_point;
  return is_space(c) || c == '(' || c == '[' || c == 0x2014 || c == 0x2013 || c == 0x201C ||
         c == 0x2018 || c == '*' || c == '_';
}

bool ends_with(const Text& text, std::size_t caret, std::string_view tail) {
  return caret >= tail.size() && text.substr(caret - tail.size(), tail.size()) == tail;
}

}  // namespace

std::optional<SmartTyping::Replacement> SmartTyping::improve(const Text& text,
                                                             std::size_t caret) const {
  if (caret == 0) return std::nullopt;
  const char typed = text.at(caret - 1);
  const Range one{caret - 1, caret};
  if (quotes && typed == '"') {
    return Replacement{one, opens_after(text, caret - 1) ? "\u201C" : "\u201D"};
  }
  if (quotes && typed == '\'') {
    return Replacement{one, opens_after(text, caret - 1) ? "\u2018" : "\u2019"};
  }
  // A row of hyphens at a line's beginning is Markdown's rule.
  const std::size_t line = text.line_start(text.line_of(caret));
  if (dashes && typed != '-' && caret - line > 3 && ends_with(text, caret - 1, "--") &&
      !ends_with(text, caret - 1, "---")) {
    return Replacement{{caret - 3, caret - 1}, "\u2014"};
  }
  if (dashes && ends_with(text, caret, "...") && !ends_with(text, caret, "....")) {
    return Replacement{{caret - 3, caret}, "\u2026"};
  }
  return std::nullopt;
}

}  // namespace understory::tui
