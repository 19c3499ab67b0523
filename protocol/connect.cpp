#include "protocol/connect.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "protocol/deadline.h"
#include "protocol/socket_path.h"

namespace understory::protocol {
namespace {

Error unavailable(std::string message) {
  return {ErrorCode::kUnavailable, std::move(message)};
}

Error connect_error(const std::filesystem::path& socket, int error_number) {
  if (error_number == ENOENT || error_number == ECONNREFUSED) {
    return unavailable("no daemon listens at " + socket.string() + "; start understoryd");
  }
  return unavailable("cannot connect to " + socket.string() + ": " + std::strerror(error_number));
}

// A Unix socket's connect() either succeeds, fails, or says EAGAIN while the backlog is full.
Status connect_fd(int fd, const std::filesystem::path& socket, int timeout_ms) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket.string();
  if (path.size() >= sizeof(address.sun_path)) {
    return Error{ErrorCode::kInvalidArgument, "the socket's path is too long (at most " +
                                                  std::to_string(sizeof(address.sun_path) - 1) +
                                                  " bytes): " + path};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const Deadline deadline(timeout_ms);
  while (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    if (errno != EAGAIN && errno != EINTR) return connect_error(socket, errno);
    if (deadline.left_ms() == 0) return unavailable("the daemon at " + path + " does not answer");
    constexpr int kRetryMs = 10;
    poll(nullptr, 0, kRetryMs);
  }
  return {};
}

}  // namespace

Result<int> connect_to_socket(const std::filesystem::path& socket, int timeout_ms) {
  if (Status s = check_socket_directory(socket); !s) return s.error();
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return Error{ErrorCode::kIo, std::string("cannot make a socket: ") + std::strerror(errno)};
  }
  if (Status s = connect_fd(fd, socket, timeout_ms); !s) {
    close(fd);
    return s.error();
  }
  return fd;
}

}  // namespace understory::protocol
