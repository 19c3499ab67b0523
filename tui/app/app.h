// `understory FILE`: the writing app in the terminal.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace understory::tui {

struct AppOptions {
  std::filesystem::path file;
  std::filesystem::path socket;            // of the daemon
  std::vector<std::string> start_command;  // see LinkOptions; empty: starts none
};

/// Runs until the writer leaves. Errors: a file that cannot be opened, no terminal.
Status run_app(const AppOptions& options);

}  // namespace understory::tui
