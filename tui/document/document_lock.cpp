#include "tui/document/document_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace understory::tui {

Result<DocumentLock> DocumentLock::take(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "lock";
  const std::filesystem::path knock = folder / "knock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return Error{ErrorCode::kIo, "cannot open " + path.string() + ": " + strerror(errno)};
  }
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    char pid[32] = {};
    const bool knows = pread(fd, pid, sizeof(pid) - 1, 0) > 0;
    close(fd);
    const int mark = open(knock.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (mark >= 0) close(mark);
    return Error{ErrorCode::kBusy, "it is open in another window" +
                                       (knows ? " (process " + std::string(pid) + ")" : "")};
  }
  const std::string pid = std::to_string(getpid());
  (void)!ftruncate(fd, 0);
  (void)!pwrite(fd, pid.data(), pid.size(), 0);
  unlink(knock.c_str());
  return DocumentLock(fd, knock);
}

DocumentLock::DocumentLock(DocumentLock&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), knock_(std::move(other.knock_)) {}

DocumentLock& DocumentLock::operator=(DocumentLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(knock_, other.knock_);
  return *this;
}

DocumentLock::~DocumentLock() {
  if (fd_ >= 0) close(fd_);
}

bool DocumentLock::was_knocked() {
  return access(knock_.c_str(), F_OK) == 0 && unlink(knock_.c_str()) == 0;
}

}  // namespace understory::tui
