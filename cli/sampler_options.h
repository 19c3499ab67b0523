// The options of `understory complete` that set the samplers.
#pragma once

#include <CLI/CLI.hpp>

#include "protocol/messages.h"

namespace understory::cli {

/// Adds them to `command`; they fill `params`, which must outlive the parsing. What is not given
/// stays absent, for the preset or the daemon to say.
void add_sampler_options(CLI::App& command, protocol::CompleteParams& params);

}  // namespace understory::cli
