// Option values that the parser could not turn into numbers, refused in words for people. Ranges
// are the daemon's to check.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

namespace understory::cli {

template <class UInt>
CLI::Validator whole_number() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        UInt value = 0;
        const char* const end = text.data() + text.size();
        const auto [next, failure] = std::from_chars(text.data(), end, value);
        if (failure == std::errc() && next == end) return {};
        return "must be a whole number from 0 to " +
               std::to_string(std::numeric_limits<UInt>::max()) + ", but is '" + text + "'";
      },
      "");
}

}  // namespace understory::cli
