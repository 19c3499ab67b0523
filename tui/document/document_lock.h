// One app writes a document at a time; a second one notices, and so does the first.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace understory::tui {

class DocumentLock {
 public:
  /// kBusy: another app of this user holds it; the message names its process. That app sees the
  /// try in was_knocked().
  static Result<DocumentLock> take(const std::filesystem::path& folder);
  DocumentLock(DocumentLock&& other) noexcept;
  DocumentLock& operator=(DocumentLock&& other) noexcept;
  ~DocumentLock();

  /// True once after another app has tried to take the lock.
  bool was_knocked();

 private:
  DocumentLock(int fd, std::filesystem::path knock) : fd_(fd), knock_(std::move(knock)) {}
  int fd_ = -1;
  std::filesystem::path knock_;
};

}  // namespace understory::tui
