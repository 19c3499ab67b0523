#include <catch2/catch.hpp>

#include "tests/kernels/compare.h"
#include "tests/support/dequantize.h"

namespace understory::test {
namespace {

constexpr Tolerance kEmbedTolerance{1e-6f, 1e-5f};

void expect_same_rows(kernels::DType type, std::uint32_t vocab, std::uint32_t cols) {
  const std::string name = std::string(kernels::traits(type).name) + " " + std::to_string(vocab) +
                           " x " + std::to_string(cols);
  expect_same(
      name,
      [&](kernels::Backend& backend) {
        auto table = random_matrix(backend, type, vocab, cols, 1);
        const std::vector<std::uint32_t> tokens{vocab - 1, 0, vocab / 2, 0, vocab / 3};
        auto token_indices = upload_indices(backend, tokens);
        auto out = random_tensor(backend, 6, cols, 2);  // the last row is left alone
        run_ops(backend,
                [&](kernels::Ops& ops) { ops.embed(table, token_indices, out, 5, 3.25f); });
        return read_all(backend, out);
      },
      kEmbedTolerance);
}

TEST_CASE("Token rows of every type are dequantized and scaled", "[kernels][gpu]") {
  for (const kernels::DType type : all_dtypes()) {
    const std::uint32_t block = kernels::traits(type).block_len;
    expect_same_rows(type, 67, block == 1 ? 577 : block * 3);
    expect_same_rows(type, 5, block == 1 ? 3 : block);
  }
}

TEST_CASE("A table beyond one binding's size is read to its last row", "[kernels][gpu][slow]") {
  expect_same_rows(kernels::DType::kQ8_0, 262144, 640);
  expect_same_rows(kernels::DType::kF32, 40000, 1030);
}

}  // namespace
}  // namespace understory::test
