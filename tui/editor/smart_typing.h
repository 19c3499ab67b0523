// Typographer's quotes and dashes in place of what keyboards have.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "tui/text/boundaries.h"
#include "tui/text/text.h"

namespace understory::tui {

struct SmartTyping {
  bool quotes = false;  // " and ' become curly
  bool dashes = false;  // -- becomes an em dash, ... an ellipsis

  struct Replacement {
    Range range;
    std::string bytes;
  };
  /// What should stand in place of what was just typed before the caret.
  std::optional<Replacement> improve(const Text& text, std::size_t caret) const;
};

}  // namespace understory::tui
