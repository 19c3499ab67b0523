#include <catch2/catch.hpp>
#include <cmath>

#include "tests/kernels/compare.h"
#include "tests/support/dequantize.h"

namespace understory::test {
namespace {

using kernels::Activation;
using kernels::DType;
using kernels::Epilogue;

struct Shape {
  std::uint32_t n_rows;
  std::uint32_t out;
  std::uint32_t in;
};

// Sums of `in` products of values about 1 in f32; a kernel may also round activations on the
// way to 1 part in 2^11 only if this is widened, which it should not be.
Tolerance tolerance_for(const Shape& shape) {
  return {2e-6f * static_cast<float>(shape.in) + 1e-5f, 1e-5f};
}

std::string name_of(DType type, const Shape& shape) {
  return std::string(kernels::traits(type).name) + " " + std::to_string(shape.n_rows) +
         " rows through " + std::to_string(shape.out) + " x " + std::to_string(shape.in);
}

struct Extras {
  bool bias = false;
  std::optional<Activation> gate;
  bool accumulate = false;
};

void expect_same_matmul(DType type, const Shape& shape, const Extras& extras = {}) {
  expect_same(
      name_of(type, shape),
      [&](kernels::Backend& backend) {
        auto w = random_matrix(backend, type, shape.out, shape.in, 1);
        auto in = random_tensor(backend, shape.n_rows + 1, shape.in, 2);
        auto out = random_tensor(backend, shape.n_rows + 1, shape.out, 3);  // last row left alone
        Epilogue epilogue;
        if (extras.bias) epilogue.bias = random_vector(backend, shape.out, 4);
        if (extras.gate) {
          epilogue.gate = extras.gate;
          epilogue.gate_input = random_tensor(backend, shape.n_rows + 1, shape.out, 5, -4, 4);
        }
        epilogue.accumulate = extras.accumulate;
        run_ops(backend,
                [&](kernels::Ops& ops) { ops.matmul(w, in, out, shape.n_rows, epilogue); });
        return read_all(backend, out);
      },
      tolerance_for(shape));
}

TEST_CASE("Products of every weight type agree with the reference", "[kernels][gpu]") {
  for (const DType type : all_dtypes()) {
    const std::uint32_t block = kernels::traits(type).block_len;
    const std::uint32_t in = block == 1 ? 101 : block * (block == 32 ? 5 : 2);
    for (const Shape& shape : {Shape{1, 67, in}, Shape{2, 131, in}, Shape{5, 33, in},
                               Shape{33, 71, in}, Shape{1, 1, block}}) {
      expect_same_matmul(type, shape);
    }
  }
}

TEST_CASE("Every number of rows agrees, to one past each kernel's step", "[kernels][gpu]") {
  for (std::uint32_t n_rows = 1; n_rows <= 33; ++n_rows) {
    expect_same_matmul(DType::kQ8_0, {n_rows, 37, 96});
  }
}

TEST_CASE("Many rows agree", "[kernels][gpu]") {
  expect_same_matmul(DType::kQ4_0, {130, 70, 288});
  expect_same_matmul(DType::kF16, {67, 129, 64});
  expect_same_matmul(DType::kQ6_K, {64, 128, 512});
}

TEST_CASE("Every number of outputs around the subgroup's steps agrees", "[kernels][gpu]") {
  for (const std::uint32_t out : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 15u, 16u, 17u, 31u, 32u, 33u, 63u,
                                  64u, 65u, 127u, 128u, 129u}) {
    expect_same_matmul(DType::kQ8_0, {1, out, 64});
    expect_same_matmul(DType::kQ4_K, {3, out, 256});
  }
}

TEST_CASE("Plain floats need no block size", "[kernels][gpu]") {
  for (const DType type : {DType::kF32, DType::kF16, DType::kBF16}) {
    for (const std::uint32_t in : {1u, 2u, 3u, 5u, 6u, 7u, 64u, 127u, 258u}) {
      expect_same_matmul(type, {2, 9, in});
    }
  }
}

TEST_CASE("The epilogue adds bias, gates and accumulates, in this order", "[kernels][gpu]") {
  for (const std::uint32_t n_rows : {1u, 3u, 17u}) {
    for (const DType type : {DType::kQ8_0, DType::kF16, DType::kQ4_K}) {
      const Shape shape{n_rows, 45, type == DType::kQ4_K ? 256u : 96u};
      expect_same_matmul(type, shape, {true, {}, false});
      expect_same_matmul(type, shape, {false, Activation::kSilu, false});
      expect_same_matmul(type, shape, {false, Activation::kGelu, false});
      expect_same_matmul(type, shape, {false, {}, true});
      expect_same_matmul(type, shape, {true, Activation::kSilu, true});
    }
  }
}

// Rows of W in pairs, as an interleaved gate and up.
void expect_same_pairs(DType type, const Shape& shape, Activation activation, bool bias) {
  expect_same(name_of(type, shape) + " in pairs",
              [&](kernels::Backend& backend) {
                auto w = random_matrix(backend, type, shape.out, shape.in, 1);
                auto in = random_tensor(backend, shape.n_rows + 1, shape.in, 2);
                auto out = random_tensor(backend, shape.n_rows + 1, shape.out / 2, 3);
                Epilogue epilogue;
                epilogue.gate = activation;
                if (bias) epilogue.bias = random_vector(backend, shape.out, 4);
                run_ops(backend,
                        [&](kernels::Ops& ops) { ops.matmul(w, in, out, shape.n_rows, epilogue); });
                return read_all(backend, out);
              },
              // A product of two sums, each of some size.
              {tolerance_for(shape).absolute * 4 * std::sqrt(static_cast<float>(shape.in)), 1e-4f});
}

TEST_CASE("Paired rows give the gated product of their two results", "[kernels][gpu]") {
  for (const DType type : all_dtypes()) {
    const std::uint32_t in = kernels::traits(type).block_len == 256 ? 256 : 96;
    for (const std::uint32_t n_rows : {1u, 3u, 8u, 17u, 70u}) {
      expect_same_pairs(type, {n_rows, 90, in}, Activation::kSilu, n_rows == 3);
    }
    expect_same_pairs(type, {5, 2, in}, Activation::kGelu, true);
  }
  expect_same_pairs(DType::kF16, {2, 66, 101}, Activation::kGelu, false);
}

TEST_CASE("Stacked rows go to outputs of their own", "[kernels][gpu]") {
  for (const auto& widths : {std::vector<std::uint32_t>{40, 24, 24}, {7, 1, 33}, {64, 3}}) {
    for (const std::uint32_t n_rows : {1u, 5u, 33u}) {
      for (const DType type : {DType::kQ8_0, DType::kF32, DType::kQ6_K}) {
        const std::uint32_t in = type == DType::kQ6_K ? 256 : 96;
        std::uint32_t rows = 0;
        for (const std::uint32_t width : widths) rows += width;
        for (std::size_t checked = 0; checked < widths.size(); ++checked) {
          expect_same(
              name_of(type, {n_rows, rows, in}) + " to output " + std::to_string(checked),
              [&](kernels::Backend& backend) {
                auto w = random_matrix(backend, type, rows, in, 1);
                auto x = random_tensor(backend, n_rows + 1, in, 2);
                std::vector<kernels::Tensor> outs;
                for (const std::uint32_t width : widths) {
                  outs.push_back(random_tensor(backend, n_rows + 1, width, 3));
                }
                Epilogue epilogue;
                if (n_rows > 1) epilogue.bias = random_vector(backend, rows, 4);
                run_ops(backend,
                        [&](kernels::Ops& ops) { ops.matmul_into(w, x, outs, n_rows, epilogue); });
                return read_all(backend, outs[checked]);
              },
              tolerance_for({n_rows, rows, in}));
        }
      }
    }
  }
}

TEST_CASE("Rows normalized on the way in give what norm and product give", "[kernels][gpu]") {
  for (const DType type : {DType::kQ8_0, DType::kQ4_0, DType::kF16, DType::kQ6_K}) {
    for (const std::uint32_t n_rows : {1u, 4u, 11u}) {
      const std::uint32_t in = type == DType::kQ6_K ? 256 : type == DType::kF16 ? 100 : 160;
      const Shape shape{n_rows, 70, in};
      expect_same(
          name_of(type, shape) + " normalized",
          [&](kernels::Backend& backend) {
            auto w = random_matrix(backend, type, shape.out, in, 1);
            auto x = random_tensor(backend, n_rows + 1, in, 2, -3, 9);
            auto normed = random_tensor(backend, n_rows + 1, in, 3);
            auto out = random_tensor(backend, n_rows + 1, shape.out, 4);
            const kernels::Norm norm{random_vector(backend, in, 5), 1e-5f};
            run_ops(backend, [&](kernels::Ops& ops) {
              ops.norm_matmul_into(x, norm, normed, w, std::span(&out, 1), n_rows, {});
            });
            return read_all(backend, out);
          },
          tolerance_for(shape));
    }
  }
}

TEST_CASE("The shapes of a 135M model agree", "[kernels][gpu]") {
  for (const std::uint32_t n_rows : {1u, 6u}) {
    expect_same_matmul(DType::kQ8_0, {n_rows, 1536, 576});
    expect_same_matmul(DType::kQ8_0, {n_rows, 576, 1536});
    expect_same_matmul(DType::kQ4_0, {n_rows, 192, 576});
  }
}

TEST_CASE("An output head beyond one binding's size agrees", "[kernels][gpu][slow]") {
  expect_same_matmul(DType::kQ8_0, {1, 262144, 640});
}

}  // namespace
}  // namespace understory::test
