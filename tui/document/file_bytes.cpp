#include "tui/document/file_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/fnv1a.h"

namespace understory::tui {
namespace {

Error io_error(const std::string& what) {
  return {ErrorCode::kIo, what + ": " + strerror(errno)};
}

}  // namespace

Result<std::string> read_bytes(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
    return Error{code, "cannot read " + path.string() + ": " + strerror(errno)};
  }
  std::string bytes;
  struct stat info {};
  if (fstat(fd, &info) == 0 && info.st_size > 0)
    bytes.reserve(static_cast<std::size_t>(info.st_size));
  char buffer[1 << 16];
  while (true) {
    const ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n == 0) break;
    if (n > 0) {
      bytes.append(buffer, static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      const Error error = io_error("cannot read " + path.string());
      close(fd);
      return error;
    }
  }
  close(fd);
  return bytes;
}

Status write_at(int fd, std::size_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Error{ErrorCode::kIo, strerror(n < 0 ? errno : ENOSPC)};
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::size_t>(n);
  }
  return {};
}

Status write_text(int fd, const Text& text) {
  constexpr std::size_t kBlockBytes = 1 << 18;
  for (std::size_t at = 0; at < text.size(); at += kBlockBytes) {
    const std::string block = text.substr(at, std::min(kBlockBytes, text.size() - at));
    if (Status s = write_at(fd, at, block); !s) return s;
  }
  return {};
}

Status replace_file(const std::filesystem::path& path, const Text& text) {
  std::string temporary = path.string() + ".XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return io_error("cannot write " + path.string());
  Status status = write_text(fd, text);
  if (status && fdatasync(fd) != 0) status = io_error("cannot write " + path.string());
  close(fd);
  if (status && rename(temporary.c_str(), path.c_str()) != 0) {
    status = io_error("cannot write " + path.string());
  }
  if (!status) unlink(temporary.c_str());
  return status;
}

std::uint64_t hash_of(std::string_view bytes) {
  return fnv1a(bytes);
}

std::uint64_t hash_of(const Text& text) {
  std::uint64_t hash = kFnv1aBasis;
  text.each_chunk(0, text.size(), [&](std::string_view chunk) { hash = fnv1a(chunk, hash); });
  return hash;
}

}  // namespace understory::tui
