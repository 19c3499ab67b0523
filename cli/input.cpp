#include "cli/input.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace understory::cli {
namespace {

/// Closes what it opened.
class InputFile {
 public:
  explicit InputFile(const std::string& path)
      : fd_(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~InputFile() {
    if (fd_ > STDIN_FILENO) close(fd_);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Error reading_failed(const std::string& path, int failure) {
  const ErrorCode code = failure == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  const std::string what = path == "-" ? "standard input" : "'" + path + "'";
  return Error{code, "cannot read " + what + ": " + strerror(failure)};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const InputFile file(path);
  if (file.fd() < 0) return reading_failed(path, errno);
  std::string text;
  char buffer[1 << 16];
  while (true) {
    const ssize_t n = read(file.fd(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return reading_failed(path, errno);
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > kMaxTextBytes) {
      return Error{ErrorCode::kInvalidArgument,
                   "the text is longer than " + std::to_string(kMaxTextBytes) +
                       " bytes, which is more than one request can hold; give a part of it"};
    }
  }
}

Result<std::string> read_text(const std::optional<std::string>& argument,
                              const std::optional<std::string>& file) {
  if (argument && file) {
    return Error{ErrorCode::kInvalidArgument,
                 "there is a text and a --file as well; give one of them"};
  }
  if (argument && *argument == "-") return read_file("-");
  if (argument) {
    if (argument->size() > kMaxTextBytes) {
      return Error{ErrorCode::kInvalidArgument, "the text is too long for one request"};
    }
    return *argument;
  }
  if (file) return read_file(*file);
  if (isatty(STDIN_FILENO) == 1) {
    return Error{ErrorCode::kInvalidArgument,
                 "there is no text; give it as an argument, with --file, or pipe it in"};
  }
  return read_file("-");
}

}  // namespace understory::cli
