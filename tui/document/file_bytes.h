// Files as bytes: reading whole, writing whole, and hashing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tui/text/text.h"

namespace understory::tui {

/// kNotFound where there is no such file, kIo otherwise.
Result<std::string> read_bytes(const std::filesystem::path& path);

/// Writes all bytes at an offset, going on after interruptions. kIo with the system's reason.
Status write_at(int fd, std::size_t offset, std::string_view bytes);
/// A text's pieces, one after the other.
Status write_text(int fd, const Text& text);

/// Writes a small file of ours: a temporary one beside it, synced, then renamed over it.
Status replace_file(const std::filesystem::path& path, const Text& text);

/// FNV-1a, 64 bits.
std::uint64_t hash_of(const Text& text);
std::uint64_t hash_of(std::string_view bytes);

}  // namespace understory::tui
