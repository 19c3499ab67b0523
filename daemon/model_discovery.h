// Which model to serve when none is named.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"

namespace understory::daemon {

/// Folders that may hold models, in order: $XDG_DATA_HOME/understory/models, the install
/// prefix's share/understory/models (beside the program's bin/), and models/ of the source
/// tree that the program was built from.
std::vector<std::filesystem::path> model_folders();

/// The first folder's best model: understory-10m.gguf, else understory-3m.gguf, else, in the
/// user's own folder, the first *.gguf by name. kNotFound says where it looked.
Result<std::filesystem::path> discover_model(const std::vector<std::filesystem::path>& folders);

}  // namespace understory::daemon
