#include "daemon/server/socket_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "protocol/socket_path.h"

namespace understory::server {
namespace {

Error io_error(const std::string& what) {
  return {ErrorCode::kIo, what + ": " + std::strerror(errno)};
}

Error held_error(const std::filesystem::path& socket, const std::string& pid) {
  return {ErrorCode::kUnavailable,
          "a daemon already listens at " + socket.string() +
              (pid.empty() ? std::string() : " (pid " + pid + ")") +
              "; stop it with 'understory stop', or give another --socket"};
}

std::string read_pid(int fd) {
  char text[32];
  const ssize_t n = pread(fd, text, sizeof(text), 0);
  std::string pid(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  pid.resize(std::min(pid.size(), pid.find_first_not_of("0123456789")));
  return pid;
}

void write_pid(int fd) {
  const std::string pid = std::to_string(getpid()) + "\n";
  // The pid is for people and messages; the lock itself is what counts.
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) return;
}

// The pid of who listens at the path, 0 where it is unknown, nullopt where nobody does.
std::optional<pid_t> listener_pid(const std::filesystem::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket.string();
  if (path.size() >= sizeof(address.sun_path)) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return std::nullopt;
  std::optional<pid_t> pid;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    ucred peer{};
    socklen_t size = sizeof(peer);
    pid = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
  } else if (errno == EAGAIN) {
    pid = 0;  // its backlog is full
  }
  close(fd);
  return pid;
}

// With the lock held, what is left at the path is stale, unless its daemon lost its lock file.
Status remove_stale(const std::filesystem::path& socket) {
  struct stat info {};
  if (lstat(socket.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return io_error("cannot look at " + socket.string());
  }
  if (!S_ISSOCK(info.st_mode)) {
    return Error{ErrorCode::kInvalidArgument,
                 socket.string() + " is there and is no socket; give another --socket"};
  }
  if (const std::optional<pid_t> pid = listener_pid(socket)) {
    return held_error(socket, *pid > 0 ? std::to_string(*pid) : std::string());
  }
  if (unlink(socket.c_str()) != 0) return io_error("cannot remove the stale " + socket.string());
  return {};
}

}  // namespace

Result<SocketLock> SocketLock::acquire(const std::filesystem::path& socket) {
  if (Status s = protocol::prepare_socket_directory(socket); !s) return s.error();
  const std::string path = socket.string() + ".lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return io_error("cannot open " + path);
  SocketLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return held_error(socket, read_pid(fd));
    return io_error("cannot lock " + path);
  }
  write_pid(fd);
  if (Status s = remove_stale(socket); !s) return s.error();
  return lock;
}

SocketLock::SocketLock(SocketLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

SocketLock::~SocketLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace understory::server
