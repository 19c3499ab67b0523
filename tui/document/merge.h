// Merging two versions of a text that come from one: line by line, as diff3 does.
#pragma once

#include <cstddef>

#include "tui/text/text.h"

namespace understory::tui {

struct Merge {
  Text text;
  std::size_t n_conflicts = 0;
};

/// Lines that one side changed are taken from it. Where both changed the same lines differently,
/// both versions are kept, ours first: a writer can delete, but cannot get back what is gone.
Merge merge(const Text& base, const Text& ours, const Text& theirs);

}  // namespace understory::tui
