// Opening a connection to a daemon's socket.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace understory::protocol {

/// A connected, non-blocking socket that the caller closes. The folder is checked first, so that
/// no other user's daemon reads the text. kUnavailable: nobody listens there (the message says
/// so), or the timeout passed.
Result<int> connect_to_socket(const std::filesystem::path& socket, int timeout_ms = 2000);

}  // namespace understory::protocol
