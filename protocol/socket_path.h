// Where the daemon listens: $XDG_RUNTIME_DIR/understory/understoryd.sock, or
// /tmp/understory-UID/understoryd.sock where no runtime directory is set.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace understory::protocol {

std::filesystem::path default_socket_path();

/// Makes the socket's directory (0700) where it does not exist. kIo where it cannot be made, or
/// is the default directory and belongs to somebody else or is open to others (and cannot be
/// closed to them). Called by whoever is about to listen.
Status prepare_socket_directory(const std::filesystem::path& socket);

/// For clients: kUnavailable where the default directory belongs to another user, who could
/// then be listening in the daemon's place.
Status check_socket_directory(const std::filesystem::path& socket);

}  // namespace understory::protocol
