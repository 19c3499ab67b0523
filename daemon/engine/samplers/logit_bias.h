// Logit bias: tokens that the writer wants more, less or never.
#pragma once

#include <vector>

#include "daemon/engine/samplers/logit_edits.h"
#include "daemon/engine/samplers/sampler_params.h"

namespace understory::engine {

inline constexpr float kNeverBias = -100;

/// `biases` by token id alone: a text becomes the tokens that spell it, as it is and after a
/// space. kInvalidArgument: an id outside the vocabulary, or a text that no one token spells (the
/// message says which do in turn).
Result<std::vector<LogitBias>> resolve_bias(const std::vector<LogitBias>& biases,
                                            const tokenizer::Tokenizer& tokenizer);

/// Adds resolved biases; kNeverBias forbids.
void add_bias(const std::vector<LogitBias>& resolved, LogitEdits& edits);

}  // namespace understory::engine
