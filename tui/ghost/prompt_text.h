// The text before the caret, as a request carries it.
#pragma once

#include <cstddef>
#include <string>

#include "tui/text/text.h"

namespace understory::tui {

/// At most about this much goes to the daemon, which drops what the model's context cannot hold.
inline constexpr std::size_t kPromptBytes = 192 * 1024;

struct PromptText {
  std::string bytes;
  std::size_t offset = 0;  // bytes of the document before them
};

/// The text before an offset with plain line feeds. A long one begins at a line that stays the
/// same while the caret moves on by some pages, so that the daemon finds it in its cache.
PromptText prompt_text(const Text& text, std::size_t offset);

/// What follows an offset, as far as a suggestion needs to know to meet it.
std::string suffix_text(const Text& text, std::size_t offset);

}  // namespace understory::tui
