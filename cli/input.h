// Texts that come from an argument, a file or standard input.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace understory::cli {

/// The argument where there is one ("-": standard input), else the file, else what is piped in.
/// kInvalidArgument where both or none were given, kNotFound or kIo for a file. Bytes as they
/// are.
Result<std::string> read_text(const std::optional<std::string>& argument,
                              const std::optional<std::string>& file);

/// A file, "-" for standard input; at most max_bytes, beyond that kInvalidArgument.
Result<std::string> read_file(const std::string& path);

/// What fits into one message to the daemon.
inline constexpr std::size_t kMaxTextBytes = (std::size_t{4} << 20) - 4096;

}  // namespace understory::cli
