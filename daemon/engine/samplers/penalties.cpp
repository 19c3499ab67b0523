#include "daemon/engine/samplers/penalties.h"

#include <algorithm>

namespace understory::engine {

void Penalties::edit(std::span<const tokenizer::TokenId> history,
                     const tokenizer::Tokenizer& tokenizer, LogitEdits& edits) const {
  if (params_.is_off()) return;
  std::unordered_map<tokenizer::TokenId, std::uint32_t> counts;
  for (const auto token : history.last(std::min<std::size_t>(history.size(), params_.window)))
    if (!tokenizer.is_control(token)) ++counts[token];
  for (const auto& [token, count] : counts) {
    LogitEdit& edit = edits.at(token);
    edit.repeat *= params_.repeat;
    edit.subtract += static_cast<float>(count) * params_.frequency + params_.presence;
  }
}

}  // namespace understory::engine
