// The document on disk: reading it, and saving it so that a failed save costs nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "tui/text/text.h"

namespace understory::tui {

/// A version of a file, by what tells versions apart cheaply.
struct FileStamp {
  bool exists = false;
  dev_t device = 0;
  ino_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

/// Of the file that a path (or the link there) leads to.
FileStamp stamp_of(const std::filesystem::path& path);

enum class LineEnding { kLf, kCrLf, kCr };

struct FileImage {
  Text text;  // kCr: with "\n" in place of each "\r"
  FileStamp stamp;
  LineEnding ending = LineEnding::kLf;  // what Enter writes: the commonest in the file
  bool is_read_only = false;            // we may not write it
};

/// Reads a document; a missing one is empty. kInvalidArgument: a folder, a device; kIo.
Result<FileImage> read_document(const std::filesystem::path& path);

/// The file a path means: links followed, also where the last does not exist yet.
std::filesystem::path resolved(const std::filesystem::path& path);

struct SaveOptions {
  LineEnding ending = LineEnding::kLf;  // kCr: "\n" is written as "\r"
  bool keeps_backup = false;            // first copy the file as it is to NAME~
};

/// Saves atomically: a new file beside the old one, synced, then renamed over it, with its
/// permissions, owner, group and extended attributes; links stay links. Where a rename would lose
/// something (other hard links, an owner we may not give, a folder we may not write), the file is
/// written in place after its space is reserved, and `safety_copy` keeps the old bytes meanwhile.
/// kIo with the reason; the old file then still has its old bytes.
Result<FileStamp> save_document(const std::filesystem::path& path, const Text& text,
                                const SaveOptions& options,
                                const std::filesystem::path& safety_copy);

}  // namespace understory::tui
