// Numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace understory::cli {

/// As printf.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

/// "3.2 MiB", "512 bytes".
std::string format_bytes(std::uint64_t bytes);

/// "135 M", "1.1 B", "950".
std::string format_count(std::uint64_t count);

/// "3 h 12 min", "41 s".
std::string format_duration(double seconds);

}  // namespace understory::cli
