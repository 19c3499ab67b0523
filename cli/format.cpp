#include "cli/format.h"

#include <array>
#include <cstdarg>
#include <cstdio>

namespace understory::cli {

std::string format(const char* pattern, ...) {
  std::va_list args;
  va_start(args, pattern);
  std::va_list again;
  va_copy(again, args);
  const int length = std::vsnprintf(nullptr, 0, pattern, args);
  va_end(args);
  std::string out(length > 0 ? static_cast<std::size_t>(length) : 0, '\0');
  std::vsnprintf(out.data(), out.size() + 1, pattern, again);
  va_end(again);
  return out;
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return format("%u bytes", static_cast<unsigned>(bytes));
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return format(value < 10 ? "%.1f %s" : "%.0f %s", value, kUnits[unit]);
}

std::string format_count(std::uint64_t count) {
  const double value = static_cast<double>(count);
  if (value >= 1e9) return format("%.1f B", value / 1e9);
  if (value >= 1e6) return format(value < 1e7 ? "%.1f M" : "%.0f M", value / 1e6);
  return format("%llu", static_cast<unsigned long long>(count));
}

std::string format_duration(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  if (whole < 60) return format("%lld s", whole);
  if (whole < 3600) return format("%lld min %lld s", whole / 60, whole % 60);
  return format("%lld h %lld min", whole / 3600, whole / 60 % 60);
}

}  // namespace understory::cli
