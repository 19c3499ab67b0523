#include "daemon/tokenizer/merger.h"

#include <catch2/catch.hpp>

using namespace understory::tokenizer;

namespace {

/// How often n equal symbols that merge into ever longer runs ask for a merge.
std::size_t lookups_for(std::uint32_t n) {
  Merger<int> merger;
  for (std::uint32_t i = 0; i < n; ++i) merger.add({i, 1, 0});
  std::size_t n_lookups = 0;
  merger.merge_all(
      [&](const Symbol& left, const Symbol& right) -> std::optional<Merger<int>::Merge> {
        ++n_lookups;
        if (left.id != right.id) return std::nullopt;
        return Merger<int>::Merge{-static_cast<int>(left.id), left.id + 1};
      });
  std::size_t n_left = 0;
  merger.drain([&](const Symbol&) { ++n_left; });
  CHECK(n_left == 1);
  return n_lookups;
}

}  // namespace

TEST_CASE("The number of lookups grows with the text, not with its square", "[unit]") {
  const std::uint32_t n = GENERATE(1u << 8, 1u << 12, 1u << 16);
  CHECK(lookups_for(n) <= 3 * n);
}

TEST_CASE("A merger without symbols leaves none", "[unit]") {
  Merger<int> merger;
  merger.merge_all(
      [](const Symbol&, const Symbol&) { return std::optional<Merger<int>::Merge>(); });
  merger.drain([](const Symbol&) { FAIL("a symbol from nowhere"); });
}
