// What differs between two texts: by lines, then by words inside changed lines, with E. Myers'
// greedy algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986).
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace understory::story {

/// [a_offset, a_offset + a_length) of the first text became [b_offset, b_offset + b_length) of
/// the second. Bytes; never inside a UTF-8 character where both texts are UTF-8.
struct Hunk {
  std::size_t a_offset = 0;
  std::size_t a_length = 0;
  std::size_t b_offset = 0;
  std::size_t b_length = 0;
  bool operator==(const Hunk&) const = default;
};

/// In order, apart from each other; none where the texts are equal. Replacing each hunk's part of
/// `a` gives exactly `b`. Texts that differ very much give fewer, larger hunks.
std::vector<Hunk> diff(std::string_view a, std::string_view b);

}  // namespace understory::story
