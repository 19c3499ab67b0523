// What the app asks the daemon for at a place in the text, and how an answer to it was made.
#pragma once

#include <cstddef>
#include <string>

#include "protocol/story_messages.h"
#include "tui/app/settings.h"
#include "tui/app/story_session.h"
#include "tui/text/text.h"

namespace understory::tui {

/// n continuations from an offset on, as the settings want them.
protocol::CompleteParams completion_request(const Text& text, std::size_t offset, std::size_t n,
                                            const Settings& settings);
/// Puts the story's notes and lorebook into a request.
void put_notes(protocol::CompleteParams& params, const StorySession& story);

/// What the story tree keeps of a request: enough to make the same text again.
class Asked {
 public:
  Asked() = default;
  explicit Asked(const protocol::CompleteParams& request);
  /// How a branch of its answer was made.
  protocol::StoryGeneration generation(const protocol::CompleteResult& result,
                                       std::size_t branch) const;
  /// The same where no answer came.
  protocol::StoryGeneration generation(const std::string& model) const;

 private:
  protocol::StoryGeneration made_by(const std::string& model) const;

  std::string params_;  // JSON
  std::string prefix_;
};

/// "notes, lore 2": what of the notes was in the prompt of an answer.
std::string notes_in_play(const protocol::CompleteResult& result);

}  // namespace understory::tui
