#include "protocol/socket_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace understory::protocol {
namespace {

constexpr mode_t kForOthers = 077;

Error io_error(const std::string& what, int error_number) {
  return {ErrorCode::kIo, what + ": " + std::strerror(error_number)};
}

Status check_owner(const std::filesystem::path& directory, struct stat& info) {
  if (lstat(directory.c_str(), &info) != 0) {
    return io_error("cannot look at " + directory.string(), errno);
  }
  if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid()) {
    return Error{ErrorCode::kUnavailable,
                 directory.string() +
                     " is not a directory of yours, so what listens there cannot "
                     "be trusted; remove it, or give another socket with --socket"};
  }
  return {};
}

}  // namespace

std::filesystem::path default_socket_path() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::filesystem::path directory =
      runtime != nullptr && runtime[0] == '/'
          ? std::filesystem::path(runtime) / "understory"
          : std::filesystem::path("/tmp/understory-" + std::to_string(geteuid()));
  return directory / "understoryd.sock";
}

Status prepare_socket_directory(const std::filesystem::path& socket) {
  const std::filesystem::path directory = std::filesystem::absolute(socket).parent_path();
  if (mkdir(directory.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return io_error("cannot make " + directory.string(), errno);
  if (socket != default_socket_path()) return {};  // the user's own choice of a place
  struct stat info {};
  if (Status s = check_owner(directory, info); !s) return s;
  if ((info.st_mode & kForOthers) != 0 && chmod(directory.c_str(), 0700) != 0) {
    return io_error("cannot close " + directory.string() + " to other users", errno);
  }
  return {};
}

Status check_socket_directory(const std::filesystem::path& socket) {
  struct stat info {};
  if (socket != default_socket_path() || lstat(socket.parent_path().c_str(), &info) != 0) return {};
  return check_owner(socket.parent_path(), info);
}

}  // namespace understory::protocol
