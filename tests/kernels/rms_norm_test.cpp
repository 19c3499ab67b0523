#include <catch2/catch.hpp>

#include "tests/kernels/compare.h"

namespace understory::test {
namespace {

constexpr Tolerance kNormTolerance{1e-6f, 1e-5f};
constexpr std::uint32_t kSpareRows = 2;  // must be left alone

struct Shape {
  std::uint32_t rows;
  std::uint32_t cols;
  std::uint32_t group;
};

std::string name_of(const Shape& shape) {
  return std::to_string(shape.rows) + " rows of " + std::to_string(shape.cols) + " in groups of " +
         std::to_string(shape.group);
}

const Shape kShapes[] = {{1, 576, 576}, {33, 64, 64},    {2, 1, 1},      {3, 7, 7},
                         {5, 131, 131}, {1, 2049, 2049}, {4, 1024, 256}, {7, 144, 48},
                         {3, 21, 7},    {1, 4096, 4096}, {2, 640, 320}};

TEST_CASE("RMSNorm agrees with the reference on whole rows and on heads", "[kernels][gpu]") {
  for (const Shape& shape : kShapes) {
    expect_same(
        name_of(shape),
        [&](kernels::Backend& backend) {
          auto in = random_tensor(backend, shape.rows + kSpareRows, shape.cols, 1);
          auto out = random_tensor(backend, shape.rows + kSpareRows, shape.cols, 2);
          auto weight = random_vector(backend, shape.group, 3, 0.5f, 2.0f);
          run_ops(backend,
                  [&](kernels::Ops& ops) { ops.rms_norm(in, weight, out, shape.rows, 1e-5f); });
          return read_all(backend, out);
        },
        kNormTolerance);
  }
}

TEST_CASE("RMSNorm works in place", "[kernels][gpu]") {
  for (const Shape& shape : kShapes) {
    expect_same(
        name_of(shape),
        [&](kernels::Backend& backend) {
          auto x = random_tensor(backend, shape.rows + kSpareRows, shape.cols, 4);
          auto weight = random_vector(backend, shape.group, 5);
          run_ops(backend,
                  [&](kernels::Ops& ops) { ops.rms_norm(x, weight, x, shape.rows, 1e-6f); });
          return read_all(backend, x);
        },
        kNormTolerance);
  }
}

TEST_CASE("RMSNorm adds to what is there", "[kernels][gpu]") {
  for (const Shape& shape : kShapes) {
    expect_same(
        name_of(shape),
        [&](kernels::Backend& backend) {
          auto in = random_tensor(backend, shape.rows + kSpareRows, shape.cols, 6);
          auto out = random_tensor(backend, shape.rows + kSpareRows, shape.cols, 7);
          auto weight = random_vector(backend, shape.group, 8);
          run_ops(backend, [&](kernels::Ops& ops) {
            ops.rms_norm(in, weight, out, shape.rows, 1e-6f, true);
          });
          return read_all(backend, out);
        },
        kNormTolerance);
  }
}

TEST_CASE("RMSNorm of zeros is held up by epsilon", "[kernels][gpu]") {
  expect_same("zeros", [&](kernels::Backend& backend) {
    auto x = upload_tensor(backend, 1, 12, std::vector<float>(12, 0.0f));
    auto weight = random_vector(backend, 12, 9);
    run_ops(backend, [&](kernels::Ops& ops) { ops.rms_norm(x, weight, x, 1, 1e-6f); });
    return read_all(backend, x);
  });
}

}  // namespace
}  // namespace understory::test
