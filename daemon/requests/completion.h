// Completions between the protocol and the engine (complete.cpp).
#pragma once

#include "daemon/engine/engine.h"
#include "daemon/requests/presets.h"
#include "protocol/messages.h"

namespace understory::requests {

/// Throws ErrorException (kInvalidArgument).
engine::CompletionParams to_engine(protocol::CompleteParams params, const Presets& presets);
protocol::Branch to_protocol(engine::Branch branch);

}  // namespace understory::requests
