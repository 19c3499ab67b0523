// The ranges of what a client may ask for.
#include <algorithm>
#include <string>

#include "daemon/engine/context.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/ranges.h"

namespace understory::engine {
namespace {

constexpr std::uint32_t kMaxBranches = 16;
constexpr std::uint32_t kMaxTop = 64;
constexpr std::uint32_t kMaxDepth = 100;
constexpr std::uint32_t kMaxLorebookEntries = 1024;
constexpr std::uint32_t kMaxLorebookKeys = 64;

std::string range(std::uint32_t low, std::uint32_t high) {
  return "between " + std::to_string(low) + " and " + std::to_string(high);
}

Status validate_stop(const StopParams& stop, std::uint32_t context) {
  if (stop.max_tokens < 1 || stop.max_tokens > context)
    return out_of_range("max_tokens", range(1, context) + " (the context)",
                        std::to_string(stop.max_tokens));
  if (!(stop.min_probability >= 0 && stop.min_probability <= 1))
    return out_of_range("min_probability", "between 0 and 1", number(stop.min_probability));
  if (!(stop.min_margin >= 0 && stop.min_margin <= 1))
    return out_of_range("min_margin", "between 0 and 1", number(stop.min_margin));
  return {};
}

Status validate_lorebook(const std::vector<LorebookEntry>& lorebook) {
  if (lorebook.size() > kMaxLorebookEntries)
    return out_of_range("lorebook", "at most " + std::to_string(kMaxLorebookEntries) + " entries",
                        std::to_string(lorebook.size()));
  for (std::size_t i = 0; i < lorebook.size(); ++i) {
    const std::string keys = "lorebook[" + std::to_string(i) + "].keys";
    if (lorebook[i].keys.empty() || lorebook[i].keys.size() > kMaxLorebookKeys)
      return out_of_range(keys.c_str(), range(1, kMaxLorebookKeys) + " texts",
                          std::to_string(lorebook[i].keys.size()));
    for (const std::string& key : lorebook[i].keys)
      if (key.find_first_not_of(" \t\r\n") == std::string::npos)
        return Error{ErrorCode::kInvalidArgument, keys + " must not hold an empty text"};
  }
  return {};
}

Status validate_notes(const CompletionParams& params) {
  if (params.notes_depth > kMaxDepth)
    return out_of_range("notes_depth", range(0, kMaxDepth), std::to_string(params.notes_depth));
  if (params.lorebook_depth > kMaxDepth)
    return out_of_range("lorebook_depth", range(0, kMaxDepth),
                        std::to_string(params.lorebook_depth));
  return validate_lorebook(params.lorebook);
}

}  // namespace

std::uint32_t max_branches(const model::Model& model) {
  return std::min({model.max_sequences(), model.max_rows(), model.max_logit_rows()});
}

Status validate(const CompletionParams& params, const model::Model& model) {
  const std::uint32_t max_n = std::min(kMaxBranches, max_branches(model));
  if (params.n < 1 || params.n > max_n)
    return out_of_range("n", range(1, max_n), std::to_string(params.n));
  if (params.top > kMaxTop)
    return out_of_range("top", range(0, kMaxTop), std::to_string(params.top));
  if (Status valid = validate_stop(params.stop, model.context()); !valid.ok()) return valid;
  if (Status notes = validate_notes(params); !notes.ok()) return notes;
  return validate(params.sampler);
}

Status validate(const RankParams& params, const model::Model& model) {
  const std::uint32_t max_n = std::min(kMaxBranches, max_branches(model));
  const std::size_t n = params.candidates.size();
  if (n < 1 || n > max_n)
    return out_of_range("the number of candidates", range(1, max_n), std::to_string(n));
  if (params.suffix.empty())
    return Error{ErrorCode::kInvalidArgument,
                 "suffix must not be empty: candidates are ranked by how well it follows them"};
  return {};
}

}  // namespace understory::engine
