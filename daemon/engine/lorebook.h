// Which lorebook entries a text calls for: those one of whose keys occurs in its last part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/engine/engine.h"

namespace understory::engine {

/// How much of the text's end is searched for keys.
inline constexpr std::size_t kLorebookWindowBytes = 4096;

/// Indices of the entries that `text` calls for, in the lorebook's order. Case, the kind of
/// apostrophe and the amount of white space do not matter. A key must stand as a whole word:
/// "Ann" is in "Ann's" and not in "Anne", nor in an "Ann" that ends the text and may go on.
/// Scripts that put no spaces between words are searched without that rule.
std::vector<std::uint32_t> entries_called_for(const std::vector<LorebookEntry>& lorebook,
                                              std::string_view text);

/// The form in which keys and texts are compared: NFC, case-folded, U+2019 as ', each run of
/// white space as one space, invalid bytes as U+FFFD.
std::string fold_for_search(std::string_view text);

}  // namespace understory::engine
