// The params of a completion as JSON and back, as the story keeps them beside what they made.
// Keys are those of the protocol, so that new params are kept without more ado.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/messages.h"

namespace understory::protocol {

/// Without the prefix, and without what concerns one request alone: n, seed, document, stream.
/// What the preset (null: none) says is written out, as it may say something else tomorrow.
std::string params_to_json(const CompleteParams& params, const SamplerKeys* preset);

/// kInvalidArgument where it is no such JSON; unknown keys are ignored.
Result<CompleteParams> params_from_json(std::string_view json);

}  // namespace understory::protocol
