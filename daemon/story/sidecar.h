// Where a document's tree is kept, and what keeps the writer's files safe there.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace understory::story {

struct Sidecar {
  std::filesystem::path document;  // symbolic links resolved; need not exist
  std::filesystem::path file;
  bool beside_document = true;  // false: in the state folder
  bool exists = false;
};

/// NAME.story beside the document, or where that does not exist and the folder cannot be written
/// to, a file in `$XDG_STATE_HOME/understory/stories`. kInvalidArgument (not an absolute path, not
/// a file), kNotFound (no such folder), kIo.
Result<Sidecar> find_sidecar(const std::filesystem::path& document);

/// Makes an empty file with the document's permissions (0600 where there is no document), never
/// touching one that exists.
Status create_sidecar(const Sidecar& sidecar);

/// Says whether an existing file may be opened as a story: an ordinary file that is empty or
/// begins as SQLite's do. kIo otherwise. Not while SQLite has it open: closing it again would
/// give up SQLite's lock.
Status check_sidecar(const std::filesystem::path& file);

inline constexpr std::size_t kMaxDocumentBytes = std::size_t{64} << 20;

/// A document or an import, at most kMaxDocumentBytes. kNotFound, kIo, kInvalidArgument.
Result<std::string> read_whole_file(const std::filesystem::path& file);

}  // namespace understory::story
