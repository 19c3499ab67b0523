// The confidence rule: a suggestion ends where the model no longer knows how to go on.
#pragma once

#include <optional>
#include <vector>

#include "daemon/engine/engine.h"
#include "daemon/engine/next_token.h"

namespace understory::engine {

/// True unless `token`'s probability is below stop.min_probability, or the likeliest token leads
/// the second by less than stop.min_margin. Both are the model's own, at temperature 1 and before
/// any sampler stage; with `allowed` (token healing), given that one of those tokens comes.
bool is_confident(LogitsView& view, tokenizer::TokenId token, const StopParams& stop,
                  const std::optional<std::vector<tokenizer::TokenId>>& allowed);

}  // namespace understory::engine
