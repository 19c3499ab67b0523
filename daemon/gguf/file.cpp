#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "daemon/gguf/gguf.h"
#include "daemon/gguf/parser.h"

namespace understory::gguf {
namespace {

/// A read-only mapping of a whole file.
class Mapping {
 public:
  Mapping(const void* address, std::size_t size) : address_(address), size_(size) {}
  ~Mapping() { ::munmap(const_cast<void*>(address_), size_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(address_), size_};
  }

 private:
  const void* address_;
  std::size_t size_;
};

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Error system_error(const std::filesystem::path& path, int error) {
  const ErrorCode code =
      error == ENOENT || error == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kIo;
  return {code, "cannot read model file " + path.string() + ": " + std::strerror(error)};
}

Result<std::shared_ptr<const Mapping>> map_file(const std::filesystem::path& path) {
  // O_NONBLOCK so that a named pipe is refused below instead of waited for.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return system_error(path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return system_error(path, errno);
  if (!S_ISREG(info.st_mode)) {
    return Error{ErrorCode::kIo, "cannot read model file " + path.string() + ": not a file"};
  }
  if (info.st_size == 0) {
    return Error{ErrorCode::kBadModel, path.string() + ": the file is empty"};
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address == MAP_FAILED) return system_error(path, errno);
  return std::shared_ptr<const Mapping>(std::make_shared<Mapping>(address, size));
}

}  // namespace

Result<File> File::open(const std::filesystem::path& path) {
  auto mapping = map_file(path);
  if (!mapping) return mapping.error();
  Result<File> file = parse((*mapping)->bytes());
  if (!file) return Error{file.error().code, path.string() + ": " + file.error().message};
  file->mapping_ = *mapping;
  file->file_name_ = path.stem().string();
  return file;
}

Result<File> File::parse(std::span<const std::byte> bytes) {
  Result<Parsed> parsed = parse_bytes(bytes);
  if (!parsed) return parsed.error();
  File file;
  file.version_ = parsed->version;
  file.metadata_ = std::move(parsed->metadata);
  file.tensors_ = std::move(parsed->tensors);
  file.size_bytes_ = bytes.size();
  for (std::size_t i = 0; i < file.tensors_.size(); ++i) {
    file.by_name_.emplace(file.tensors_[i].name, i);
  }
  return file;
}

const TensorInfo* File::find_tensor(std::string_view name) const {
  const auto it = by_name_.find(std::string(name));
  return it == by_name_.end() ? nullptr : &tensors_[it->second];
}

void File::release_pages(const TensorInfo& tensor) const {
  if (!mapping_ || tensor.data.empty()) return;
  // Inwards to whole pages: the edges are shared with the neighbours.
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(tensor.data.data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t last = (begin + tensor.data.size()) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace understory::gguf
