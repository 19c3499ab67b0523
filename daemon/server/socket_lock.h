// The claim on a socket's path: one daemon at a time, whatever crashed before. Beside SOCKET
// lies SOCKET.lock, locked (flock) by the daemon as long as it lives and holding its pid. The
// lock file stays behind; removing it would let two daemons lock two files of one name.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace understory::server {

class SocketLock {
 public:
  /// Makes the directory, takes the lock and removes a stale socket. kUnavailable naming the
  /// daemon (pid) that holds it; kIo; kInvalidArgument where something else than a socket is
  /// there.
  static Result<SocketLock> acquire(const std::filesystem::path& socket);

  SocketLock(SocketLock&& other) noexcept;
  SocketLock& operator=(SocketLock&&) = delete;
  ~SocketLock();  // gives the lock back

 private:
  explicit SocketLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace understory::server
