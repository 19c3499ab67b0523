// The [presets.NAME] tables of the configuration file.
#pragma once

#include <toml++/toml.h>

#include <functional>
#include <map>
#include <string>

#include "base/result.h"
#include "protocol/messages.h"

namespace understory::daemon {

/// Says where something is wrong, and what.
using ConfigErrorAt =
    std::function<Error(const toml::source_region& where, const std::string& what)>;

/// Reads `node`, the value of `presets`, into `presets`. The keys of a preset are those of
/// PROTOCOL.md's `complete`; unknown ones, wrong types and values out of range are errors.
Status read_presets(const toml::node& node, const ConfigErrorAt& error_at,
                    std::map<std::string, protocol::SamplerKeys>& presets);

}  // namespace understory::daemon
