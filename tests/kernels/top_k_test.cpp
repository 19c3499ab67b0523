#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

#include "tests/kernels/compare.h"
#include "tests/support/dequantize.h"

namespace understory::test {
namespace {

constexpr Tolerance kLogSumExpTolerance{1e-5f, 2e-6f};

struct TopK {
  std::vector<std::uint32_t> ids;
  std::vector<float> values;
  std::vector<float> logsumexp;
};

TopK run_top_k(kernels::Backend& backend, std::uint32_t rows, std::uint32_t cols, std::uint32_t k,
               std::span<const float> data) {
  auto in = upload_tensor(backend, rows, cols, data);
  auto ids = backend.create_indices(rows * k).value_or_throw();
  auto values = backend.create_tensor(rows, k).value_or_throw();
  auto logsumexp = backend.create_tensor(rows, 1).value_or_throw();
  run_ops(backend, [&](kernels::Ops& ops) { ops.top_k(in, k, ids, values, logsumexp, rows); });
  return {read_all(backend, ids), read_all(backend, values), read_all(backend, logsumexp)};
}

/// Each row's results ordered by column, so that backends may differ in their order.
std::vector<float> in_column_order(const TopK& top, std::uint32_t rows, std::uint32_t k) {
  std::vector<float> flat;
  for (std::uint32_t r = 0; r < rows; ++r) {
    std::vector<std::pair<std::uint32_t, float>> row;
    for (std::uint32_t i = r * k; i < (r + 1) * k; ++i) {
      row.emplace_back(top.ids[i], top.values[i]);
    }
    std::sort(row.begin(), row.end());
    for (const auto& [id, value] : row) {
      flat.push_back(static_cast<float>(id));  // exact up to 2^24 columns
      flat.push_back(value);
    }
  }
  return flat;
}

void expect_same_top_k(const std::string& what, std::uint32_t rows, std::uint32_t cols,
                       std::uint32_t k, const std::vector<float>& data) {
  const std::string name = what + ": " + std::to_string(rows) + " x " + std::to_string(cols) +
                           ", k " + std::to_string(k);
  expect_same(
      name,
      [&](kernels::Backend& backend) {
        return in_column_order(run_top_k(backend, rows, cols, k, data), rows, k);
      },
      kExact);
  expect_same(
      name + " logsumexp",
      [&](kernels::Backend& backend) { return run_top_k(backend, rows, cols, k, data).logsumexp; },
      kLogSumExpTolerance);
}

TEST_CASE("The k largest are found on every shape", "[kernels][gpu]") {
  struct Shape {
    std::uint32_t rows, cols, k;
  };
  const Shape shapes[] = {{1, 1, 1},     {2, 7, 7},      {3, 31, 4},       {33, 101, 20},
                          {1, 4096, 64}, {5, 4099, 256}, {2, 49152, 64},   {3, 10007, 1},
                          {1, 256, 256}, {7, 257, 256},  {1, 262144, 256}, {1, 1023, 40}};
  for (const Shape& shape : shapes) {
    expect_same_top_k("random", shape.rows, shape.cols, shape.k,
                      random_floats(std::size_t{shape.rows} * shape.cols, shape.cols, -20, 20));
  }
}

TEST_CASE("Ties at the edge go to the lower columns", "[kernels][gpu]") {
  for (const std::uint32_t cols : {67u, 5000u, 49152u}) {
    expect_same_top_k("all equal", 3, cols, 40, std::vector<float>(std::size_t{3} * cols, -1.5f));
    std::vector<float> coarse = random_floats(std::size_t{3} * cols, 11, -4, 4);
    for (float& x : coarse) x = static_cast<float>(static_cast<int>(x));  // signed zeros as well
    expect_same_top_k("few values", 3, cols, 40, coarse);
    std::vector<float> zeros(cols, -0.0f);
    zeros[cols - 1] = 0.0f;
    expect_same_top_k("both zeros", 1, cols, 3, zeros);
  }
}

TEST_CASE("A whole large vocabulary may be tied", "[kernels][gpu]") {
  expect_same_top_k("all equal", 1, 262144, 256, std::vector<float>(262144, 2.0f));
}

TEST_CASE("Values of any size and infinities are ordered", "[kernels][gpu]") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> data = random_floats(6001, 5, -1, 1);
  data[17] = 3e38f;
  data[18] = -3e38f;
  data[19] = 1e-38f;
  data[20] = -kInfinity;
  expect_same_top_k("extremes", 1, 6001, 100, data);
  std::vector<float> rising(6001);
  for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<float>(i) * 1e-3f;
  expect_same_top_k("rising", 1, 6001, 255, rising);
  std::reverse(rising.begin(), rising.end());
  expect_same_top_k("falling", 1, 6001, 255, rising);
  std::vector<float> mostly_masked(6001, -kInfinity);
  mostly_masked[6000] = 2;
  expect_same_top_k("masked", 1, 6001, 7, mostly_masked);
}

TEST_CASE("NaN in a row neither crashes nor writes past the results", "[kernels][gpu]") {
  std::vector<float> data = random_floats(3000, 6);
  for (const std::size_t i : {0u, 1500u, 2999u}) {
    data[i] = std::numeric_limits<float>::quiet_NaN();
  }
  auto& backend = vulkan_backend(kernels::KernelFamily::kSubgroup);
  const TopK top = run_top_k(backend, 1, 3000, 16, data);
  for (const std::uint32_t id : top.ids) CHECK(id < 3000);
}

}  // namespace
}  // namespace understory::test
