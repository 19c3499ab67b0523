// A lorebook as a JSON file: an array of {"keys": ["Ann"], "text": "Ann is the maid."}.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "protocol/messages.h"

namespace understory::cli {

/// As read_file(); kInvalidArgument that names the file where it is no such JSON. Keys of an
/// entry other than those two are ignored.
Result<std::vector<protocol::LorebookEntry>> read_lorebook(const std::string& path);

}  // namespace understory::cli
