// Presets: sampler settings that have a name. Three come with the daemon; the configuration file
// adds a writer's own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/engine/samplers/sampler_params.h"
#include "protocol/messages.h"

namespace understory::requests {

/// Sets what the keys say over `params`, and leaves the rest.
void apply(const protocol::SamplerKeys& keys, engine::SamplerParams& params);

/// Immutable once made.
class Presets {
 public:
  /// base, focused and wild. `own` presets are added; one of the same name wins.
  explicit Presets(std::map<std::string, protocol::SamplerKeys> own = {});

  std::vector<std::string> names() const;

  /// Null where there is no such preset.
  const protocol::SamplerKeys* find(const std::string& name) const;

  /// The engine's params: neutral, then the preset that is named, then the explicit keys.
  /// kInvalidArgument where there is no such preset; the message names those that exist.
  Result<engine::SamplerParams> resolve(const std::string& preset,
                                        const protocol::SamplerKeys& keys) const;

 private:
  std::map<std::string, protocol::SamplerKeys> presets_;
};

}  // namespace understory::requests
