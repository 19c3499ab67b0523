#include <catch2/catch.hpp>

#include "tests/kernels/compare.h"

namespace understory::test {
namespace {

TEST_CASE("Rows are gathered in any order and more than once", "[kernels][gpu]") {
  for (const std::uint32_t cols : {1u, 3u, 8u, 576u, 577u, 1030u}) {
    expect_same(
        std::to_string(cols) + " columns",
        [&](kernels::Backend& backend) {
          auto in = random_tensor(backend, 9, cols, 1);
          auto out = random_tensor(backend, 6, cols, 2);  // the sixth row must be left alone
          auto rows = upload_indices(backend, std::vector<std::uint32_t>{8, 0, 3, 3, 7});
          run_ops(backend, [&](kernels::Ops& ops) { ops.gather_rows(in, rows, out, 5); });
          return read_all(backend, out);
        },
        kExact);
  }
}

TEST_CASE("A program gathers what was written since it was recorded", "[kernels][gpu]") {
  expect_same(
      "replay",
      [&](kernels::Backend& backend) {
        auto in = random_tensor(backend, 5, 12, 3);
        auto out = random_tensor(backend, 2, 12, 4);
        auto rows = upload_indices(backend, std::vector<std::uint32_t>{0, 1});
        auto program = backend.record([&](kernels::Ops& ops) { ops.gather_rows(in, rows, out, 2); })
                           .value_or_throw();
        backend.run(*program).value_or_throw();
        std::vector<float> both = read_all(backend, out);
        backend.write(rows, std::vector<std::uint32_t>{4}, 1);
        backend.run(*program).value_or_throw();
        for (const float x : read_all(backend, out)) both.push_back(x);
        return both;
      },
      kExact);
}

}  // namespace
}  // namespace understory::test
