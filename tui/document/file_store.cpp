#include "tui/document/file_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "tui/document/file_bytes.h"

namespace understory::tui {
namespace fs = std::filesystem;
namespace {

constexpr mode_t kModeBits = 07777;
constexpr int kMaxLinks = 40;

Error io_error(const std::string& what, int error_number) {
  return {ErrorCode::kIo, what + ": " + strerror(error_number)};
}

/// A descriptor that closes itself.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

FileStamp stamp_from(const struct stat& info) {
  FileStamp stamp;
  stamp.exists = true;
  stamp.device = info.st_dev;
  stamp.inode = info.st_ino;
  stamp.size_bytes = static_cast<std::uint64_t>(info.st_size);
  stamp.modified_ns =
      static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec;
  return stamp;
}

LineEnding commonest_ending(const std::string& bytes) {
  std::size_t feeds = 0;
  std::size_t pairs = 0;
  std::size_t returns = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n') {
      ++feeds;
      if (i > 0 && bytes[i - 1] == '\r') ++pairs;
    } else if (bytes[i] == '\r') {
      ++returns;
    }
  }
  if (feeds == 0 && returns > 0) return LineEnding::kCr;
  return pairs * 2 > feeds ? LineEnding::kCrLf : LineEnding::kLf;
}

/// What goes to the disk.
Text bytes_to_write(const Text& text, LineEnding ending) {
  if (ending != LineEnding::kCr) return text;
  std::string bytes = text.str();
  std::replace(bytes.begin(), bytes.end(), '\n', '\r');
  return Text(bytes);
}

void copy_attributes(int from, int to) {
  const ssize_t size = flistxattr(from, nullptr, 0);
  if (size <= 0) return;
  std::vector<char> names(static_cast<std::size_t>(size));
  const ssize_t got = flistxattr(from, names.data(), names.size());
  for (const char* name = names.data(); got > 0 && name < names.data() + got;
       name += strlen(name) + 1) {
    const ssize_t length = fgetxattr(from, name, nullptr, 0);
    if (length < 0) continue;
    std::vector<char> value(static_cast<std::size_t>(length) + 1);
    const ssize_t n = fgetxattr(from, name, value.data(), value.size());
    if (n >= 0) (void)fsetxattr(to, name, value.data(), static_cast<std::size_t>(n), 0);
  }
}

void sync_folder(const fs::path& folder) {
  const File file(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.is_open()) (void)fsync(file.fd());
}

/// Copies a file with its permissions, synced; an older copy gives way only to a whole one.
Status copy_file(int from, mode_t mode, const fs::path& to) {
  std::string temporary = to.string() + ".XXXXXX";
  const File out(mkostemp(temporary.data(), O_CLOEXEC));
  if (!out.is_open()) return io_error("cannot write " + to.string(), errno);
  Status status;
  char buffer[1 << 16];
  for (std::size_t at = 0; status;) {
    const ssize_t n = pread(from, buffer, sizeof(buffer), static_cast<off_t>(at));
    if (n == 0) break;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      status = io_error("cannot read the file", errno);
      break;
    }
    status = write_at(out.fd(), at, {buffer, static_cast<std::size_t>(n)});
    at += static_cast<std::size_t>(n);
  }
  (void)fchmod(out.fd(), mode & kModeBits & ~(S_ISUID | S_ISGID));
  if (status && fsync(out.fd()) != 0) status = io_error("cannot write " + to.string(), errno);
  if (status && rename(temporary.c_str(), to.c_str()) != 0) {
    status = io_error("cannot write " + to.string(), errno);
  }
  if (!status) unlink(temporary.c_str());
  return status;
}

/// nullopt: a rename would lose something; write in place instead.
std::optional<Result<FileStamp>> save_by_rename(const fs::path& target, const Text& bytes,
                                                const struct stat* old, int old_fd) {
  std::string temporary =
      (target.parent_path() / ("." + target.filename().string().substr(0, 200) + ".XXXXXX"))
          .string();
  const File file(mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.is_open()) {
    if (old != nullptr && (errno == EACCES || errno == EPERM || errno == EROFS))
      return std::nullopt;
    return Result<FileStamp>(io_error("cannot write in " + target.parent_path().string(), errno));
  }
  const auto fail = [&](Error error) {
    unlink(temporary.c_str());
    return std::optional<Result<FileStamp>>(std::move(error));
  };
  if (Status s = write_text(file.fd(), bytes); !s) {
    return fail({ErrorCode::kIo, "cannot write " + target.string() + ": " + s.error().message});
  }
  struct stat now {};
  if (fstat(file.fd(), &now) != 0) return fail(io_error("cannot write " + target.string(), errno));
  if (old != nullptr) {
    const bool same_owner = now.st_uid == old->st_uid && now.st_gid == old->st_gid;
    if (!same_owner && fchown(file.fd(), old->st_uid, old->st_gid) != 0) {
      unlink(temporary.c_str());
      return std::nullopt;
    }
    copy_attributes(old_fd, file.fd());
    (void)fchmod(file.fd(), old->st_mode & kModeBits);
  } else {
    const mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(file.fd(), 0666 & ~mask);
  }
  if (fsync(file.fd()) != 0) return fail(io_error("cannot write " + target.string(), errno));
  if (rename(temporary.c_str(), target.c_str()) != 0) {
    return fail(io_error("cannot replace " + target.string(), errno));
  }
  sync_folder(target.parent_path());
  (void)fstat(file.fd(), &now);
  return Result<FileStamp>(stamp_from(now));
}

Result<FileStamp> save_in_place(const fs::path& target, const Text& bytes, const struct stat& old,
                                const fs::path& safety_copy) {
  const File file(open(target.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.is_open()) return io_error("cannot write " + target.string(), errno);
  if (Status s = copy_file(file.fd(), S_IRUSR | S_IWUSR, safety_copy); !s) {
    return Error{s.error().code, "cannot keep a safety copy: " + s.error().message};
  }
  // A full disk must show before the first byte is touched.
  const auto size = static_cast<off_t>(bytes.size());
  if (size > old.st_size) {
    const int failed = posix_fallocate(file.fd(), old.st_size, size - old.st_size);
    if (failed != 0 && failed != EINVAL && failed != EOPNOTSUPP) {
      (void)!ftruncate(file.fd(), old.st_size);
      return io_error("cannot write " + target.string(), failed);
    }
  }
  if (Status s = write_text(file.fd(), bytes); !s) {
    return Error{ErrorCode::kIo, "cannot write " + target.string() + ": " + s.error().message +
                                     "; the file as it was is in " + safety_copy.string()};
  }
  if (ftruncate(file.fd(), size) != 0 || fsync(file.fd()) != 0) {
    return io_error("cannot write " + target.string(), errno);
  }
  struct stat now {};
  (void)fstat(file.fd(), &now);
  unlink(safety_copy.c_str());
  return stamp_from(now);
}

}  // namespace

FileStamp stamp_of(const fs::path& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? stamp_from(info) : FileStamp{};
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path at = fs::absolute(path, error);
  for (int i = 0; i < kMaxLinks && fs::is_symlink(fs::symlink_status(at, error)); ++i) {
    const fs::path to = fs::read_symlink(at, error);
    if (error) break;
    at = to.is_absolute() ? to : at.parent_path() / to;
  }
  const fs::path whole = fs::weakly_canonical(at, error);
  return error ? at.lexically_normal() : whole;
}

Result<FileImage> read_document(const fs::path& path) {
  FileImage image;
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) return io_error("cannot open " + path.string(), errno);
    const fs::path folder = resolved(path).parent_path();
    struct stat place {};
    if (stat(folder.c_str(), &place) != 0) {
      return Error{ErrorCode::kNotFound, "there is no folder " + folder.string()};
    }
    image.is_read_only = access(folder.c_str(), W_OK) != 0;
    return image;
  }
  if (S_ISDIR(info.st_mode)) {
    return Error{ErrorCode::kInvalidArgument, path.string() + " is a folder"};
  }
  if (!S_ISREG(info.st_mode)) {
    return Error{ErrorCode::kInvalidArgument, path.string() + " is not an ordinary file"};
  }
  // Stamped before it is read: a change in between shows at the next look.
  image.stamp = stamp_from(info);
  Result<std::string> bytes = read_bytes(path);
  if (!bytes) return bytes.error();
  image.ending = commonest_ending(*bytes);
  if (image.ending == LineEnding::kCr) std::replace(bytes->begin(), bytes->end(), '\r', '\n');
  image.text = Text(*bytes);
  image.is_read_only = access(path.c_str(), W_OK) != 0;
  return image;
}

Result<FileStamp> save_document(const fs::path& path, const Text& text, const SaveOptions& options,
                                const fs::path& safety_copy) {
  const fs::path target = resolved(path);
  const Text bytes = bytes_to_write(text, options.ending);
  const File old(open(target.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  const bool exists = stat(target.c_str(), &info) == 0;
  if (exists && !old.is_open()) return io_error("cannot read " + target.string(), EACCES);
  if (exists && access(target.c_str(), W_OK) != 0) {
    return Error{ErrorCode::kIo, target.string() + " is read-only"};
  }
  if (exists && options.keeps_backup) {
    // A folder that takes no backup is no reason to refuse the save.
    (void)copy_file(old.fd(), info.st_mode, target.string() + "~");
  }
  if (!exists || info.st_nlink == 1) {
    if (auto saved = save_by_rename(target, bytes, exists ? &info : nullptr, old.fd())) {
      return *saved;
    }
  }
  return save_in_place(target, bytes, info, safety_copy);
}

}  // namespace understory::tui
