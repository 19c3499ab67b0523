// From a GGUF file to an engine on a device.
#pragma once

#include "daemon/options.h"
#include "daemon/requests/resident_model.h"

namespace understory::daemon {

/// Opens, checks and uploads the model that the options name (or that is found), and starts
/// its engine. `progress` is called from 0 to 1.
Result<requests::LoadedModel> load_model(const Options& options,
                                         const std::function<void(float)>& progress);

}  // namespace understory::daemon
