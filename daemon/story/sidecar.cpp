#include "daemon/story/sidecar.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/fnv1a.h"
#include "daemon/story/node.h"

namespace understory::story {
namespace {

namespace fs = std::filesystem;

class File {
 public:
  File(const fs::path& path, int flags, mode_t mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Error io(const fs::path& path, std::string_view doing) {
  return {ErrorCode::kIo,
          "cannot " + std::string(doing) + " " + path.string() + ": " + std::strerror(errno)};
}

fs::path state_folder() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && state[0] == '/') {
    return fs::path(state) / "understory" / "stories";
  }
  const char* home = std::getenv("HOME");
  return fs::path(home == nullptr ? "/" : home) / ".local" / "state" / "understory" / "stories";
}

bool is_there(const fs::path& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

// The last link of a chain of links that may end in nothing.
Result<fs::path> resolve(const fs::path& document) {
  std::error_code error;
  fs::path path = document;
  for (int links = 0; fs::is_symlink(path, error) && links < 40; ++links) {
    const fs::path target = fs::read_symlink(path, error);
    if (error) break;
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  const fs::path folder = fs::canonical(path.parent_path(), error);
  if (error) {
    return Error{ErrorCode::kNotFound,
                 "there is no folder " + path.parent_path().string() + " for the document"};
  }
  return folder / path.filename();
}

}  // namespace

Result<Sidecar> find_sidecar(const fs::path& document) {
  if (!document.is_absolute() || !document.has_filename() ||
      document.string().find('\0') != std::string::npos) {
    return Error{ErrorCode::kInvalidArgument, "'document' must be the absolute path of a file"};
  }
  Result<fs::path> resolved = resolve(document);
  if (!resolved) return resolved.error();
  struct stat info {};
  if (stat(resolved->c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    return Error{ErrorCode::kInvalidArgument, resolved->string() + " is not an ordinary file"};
  }
  Sidecar out;
  out.document = *resolved;
  out.file = resolved->string() + ".story";
  out.exists = is_there(out.file);
  if (out.exists || access(out.file.parent_path().c_str(), W_OK) == 0) return out;
  out.beside_document = false;
  out.file = state_folder() /
             (fnv1a_hex(resolved->string()) + "-" + resolved->filename().string() + ".story");
  out.exists = is_there(out.file);
  return out;
}

Status create_sidecar(const Sidecar& sidecar) {
  if (!sidecar.beside_document) {
    std::error_code error;
    fs::create_directories(sidecar.file.parent_path(), error);
    if (error) {
      return Error{ErrorCode::kIo,
                   "cannot make " + sidecar.file.parent_path().string() + ": " + error.message()};
    }
    fs::permissions(sidecar.file.parent_path(), fs::perms::owner_all, error);
  }
  struct stat document {};
  const mode_t mode =
      stat(sidecar.document.c_str(), &document) == 0 ? (document.st_mode & 0666) | 0600 : 0600;
  const File file(sidecar.file, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0600);
  if (file.fd() < 0) return io(sidecar.file, "make");
  if (fchmod(file.fd(), mode) != 0) return io(sidecar.file, "make");
  // So that the name survives a power cut too.
  const File folder(sidecar.file.parent_path(), O_RDONLY | O_DIRECTORY);
  if (folder.fd() >= 0) fsync(folder.fd());
  return {};
}

Status check_sidecar(const fs::path& file) {
  const File in(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (in.fd() < 0) return io(file, "open");
  struct stat info {};
  if (fstat(in.fd(), &info) != 0) return io(file, "open");
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  std::array<char, kMagic.size()> head{};
  const bool is_file = S_ISREG(info.st_mode);
  const bool is_empty = is_file && info.st_size == 0;
  const bool is_sqlite = is_file && read(in.fd(), head.data(), head.size()) == std::ssize(kMagic) &&
                         std::string_view(head.data(), head.size()) == kMagic;
  if (is_empty || is_sqlite) return {};
  return Error{ErrorCode::kIo, file.string() +
                                   " is not a story of Understory; it was left as it "
                                   "is\nMove it away, or open another document."};
}

Result<std::string> read_whole_file(const fs::path& path) {
  const File file(path, O_RDONLY | O_NONBLOCK);
  if (file.fd() < 0) {
    if (errno == ENOENT) return Error{ErrorCode::kNotFound, "there is no file " + path.string()};
    return io(path, "read");
  }
  struct stat info {};
  if (fstat(file.fd(), &info) != 0) return io(path, "read");
  if (!S_ISREG(info.st_mode)) {
    return Error{ErrorCode::kInvalidArgument, path.string() + " is not an ordinary file"};
  }
  std::string text;
  std::array<char, 64 * 1024> bytes;
  for (;;) {
    const ssize_t n = read(file.fd(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io(path, "read");
    if (n == 0) return text;
    text.append(bytes.data(), static_cast<std::size_t>(n));
    if (text.size() > kMaxDocumentBytes) {
      return Error{
          ErrorCode::kInvalidArgument,
          path.string() + " is larger than " + std::to_string(kMaxDocumentBytes >> 20) + " MiB"};
    }
  }
}

}  // namespace understory::story
