// Request keys that not every version of the protocol has.
#pragma once

#include <cstddef>
#include <string>

#include "tui/app/story_session.h"

namespace understory::tui {

template <class Params>
void put_prefix_offset(Params& params, std::size_t offset) {
  if constexpr (requires { params.prefix_offset; }) params.prefix_offset = offset;
}

template <class Params>
void put_notes(Params& params, const StorySession& story) {
  if constexpr (requires { params.notes; }) {
    params.notes = story.notes;
    for (const LorebookEntry& entry : story.lorebook) {
      params.lorebook.push_back({entry.keys, entry.text});
    }
  }
}

/// "notes, lore 2": what of the notes was in the prompt of an answer.
template <class Result>
std::string notes_in_play(const Result& result) {
  std::string text;
  if constexpr (requires { result.context.notes_tokens; }) {
    if (result.context.notes_tokens > 0) text = "notes";
    if (!result.context.lorebook.empty()) {
      text += (text.empty() ? "lore " : ", lore ") + std::to_string(result.context.lorebook.size());
    }
  }
  return text;
}

}  // namespace understory::tui
