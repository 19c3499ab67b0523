#include "tui/app/completion_request.h"

#include <utility>

#include "base/fnv1a.h"
#include "protocol/params_json.h"
#include "tui/document/document.h"
#include "tui/ghost/prompt_text.h"

namespace understory::tui {

protocol::CompleteParams completion_request(const Text& text, std::size_t offset, std::size_t n,
                                            const Settings& settings) {
  protocol::CompleteParams params;
  PromptText prompt = prompt_text(text, offset);
  params.prefix = std::move(prompt.bytes);
  params.prefix_offset = prompt.offset;
  params.suffix = suffix_text(text, offset);
  params.n = static_cast<std::uint32_t>(n);
  params.max_tokens = static_cast<std::uint32_t>(settings.max_tokens);
  params.until = settings.until;
  params.temperature = static_cast<float>(settings.temperature);
  params.min_p = static_cast<float>(settings.min_p);
  return params;
}

void put_notes(protocol::CompleteParams& params, const StorySession& story) {
  params.notes = story.notes;
  params.lorebook.clear();
  for (const LorebookEntry& entry : story.lorebook) {
    params.lorebook.push_back({entry.keys, entry.text});
  }
}

Asked::Asked(const protocol::CompleteParams& request)
    : params_(protocol::params_to_json(request, nullptr)), prefix_(request.prefix) {}

protocol::StoryGeneration Asked::generation(const protocol::CompleteResult& result,
                                            std::size_t branch) const {
  protocol::StoryGeneration how = made_by(result.model);
  how.prompt_hash = result.prompt_hash;
  if (branch >= result.branches.size()) return how;
  how.seed = result.branches[branch].seed;
  how.mean_logprob = result.branches[branch].mean_logprob;
  how.finish_reason = result.branches[branch].finish_reason;
  return how;
}

protocol::StoryGeneration Asked::generation(const std::string& model) const {
  protocol::StoryGeneration how = made_by(model);
  how.prompt_hash = fnv1a_hex(prefix_);
  return how;
}

protocol::StoryGeneration Asked::made_by(const std::string& model) const {
  protocol::StoryGeneration how;
  how.model = model;
  how.params = params_.empty() ? "{}" : params_;
  how.created_ms = static_cast<std::uint64_t>(now_ms());
  return how;
}

std::string notes_in_play(const protocol::CompleteResult& result) {
  std::string text;
  if (result.context.notes_tokens > 0) text = "notes";
  if (!result.context.lorebook.empty()) {
    text += (text.empty() ? "lore " : ", lore ") + std::to_string(result.context.lorebook.size());
  }
  return text;
}

}  // namespace understory::tui
