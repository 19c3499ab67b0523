// A row's results are the same bits whichever rows are computed beside it: what a writer sees
// must not depend on how a prompt was cut into chunks or on who else is served.
#include <bit>
#include <catch2/catch.hpp>

#include "tests/kernels/cached_sequences.h"
#include "tests/kernels/compare.h"
#include "tests/support/dequantize.h"

namespace understory::test {
namespace {

using kernels::DType;
using kernels::Epilogue;
using kernels::KernelFamily;

constexpr std::uint32_t kMostRows = 67;

std::vector<std::uint32_t> bits_of(std::span<const float> values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

std::vector<float> row_of(std::span<const float> values, std::uint32_t row, std::uint32_t cols) {
  const auto part = values.subspan(std::size_t{row} * cols, cols);
  return {part.begin(), part.end()};
}

/// An op on rows of `in`: the first n_rows rows of the input give as many rows of the result.
struct RowOp {
  std::string name;
  std::uint32_t in_cols = 0;
  std::uint32_t out_cols = 0;
  /// Uploads the rows and whatever else belongs to the rows of these numbers, runs, reads.
  std::function<std::vector<float>(kernels::Backend&, std::span<const std::uint32_t> rows)> run;
};

/// Runs the op on single rows and on row counts around every kernel's steps.
void expect_rows_alone(const RowOp& op) {
  for (const KernelFamily family : {KernelFamily::kLanes, KernelFamily::kSubgroup}) {
    kernels::Backend& backend = vulkan_backend(family);
    const std::vector<std::uint32_t> probes{0, 5, 15, 66};
    std::vector<std::vector<std::uint32_t>> alone;
    for (const std::uint32_t probe : probes) {
      alone.push_back(bits_of(op.run(backend, std::vector<std::uint32_t>{probe})));
    }
    for (const std::uint32_t n_rows : {2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 23u, 67u}) {
      // The probes move through the batch, since a row's place in it must not matter either.
      std::vector<std::uint32_t> rows(n_rows);
      for (std::uint32_t i = 0; i < n_rows; ++i) rows[i] = (i * 5 + n_rows) % kMostRows;
      const std::vector<float> all = op.run(backend, rows);
      std::size_t n_compared = 0;
      for (std::size_t i = 0; i < probes.size(); ++i) {
        const auto at = std::find(rows.begin(), rows.end(), probes[i]);
        if (at == rows.end()) continue;
        const auto place = static_cast<std::uint32_t>(at - rows.begin());
        INFO(op.name << ", " << backend.info().kernel_family << " kernels, row " << probes[i]
                     << " as number " << place << " of " << n_rows);
        CHECK(bits_of(row_of(all, place, op.out_cols)) == alone[i]);
        ++n_compared;
      }
      if (n_rows == kMostRows) REQUIRE(n_compared == probes.size());
    }
  }
}

/// The numbered rows of one big random tensor.
kernels::Tensor upload_rows(kernels::Backend& backend, std::span<const std::uint32_t> rows,
                            std::uint32_t cols, std::uint32_t seed, float low = -1,
                            float high = 1) {
  const auto all = random_floats(std::size_t{kMostRows} * cols, seed, low, high);
  std::vector<float> chosen;
  for (const std::uint32_t row : rows) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(std::size_t{row} * cols);
    chosen.insert(chosen.end(), begin, begin + cols);
  }
  return upload_tensor(backend, static_cast<std::uint32_t>(rows.size()), cols, chosen);
}

RowOp matmul_op(DType type, std::uint32_t out_cols, std::uint32_t in_cols, bool with_epilogue) {
  const auto run = [=](kernels::Backend& backend, std::span<const std::uint32_t> rows) {
    auto w = random_matrix(backend, type, out_cols, in_cols, 1);
    auto in = upload_rows(backend, rows, in_cols, 2);
    auto out = upload_rows(backend, rows, out_cols, 3);
    Epilogue epilogue;
    if (with_epilogue) {
      epilogue.bias = random_vector(backend, out_cols, 4);
      epilogue.gate =
          type == DType::kQ8_0 ? kernels::Activation::kSilu : kernels::Activation::kGelu;
      epilogue.gate_input = upload_rows(backend, rows, out_cols, 5, -4, 4);
      epilogue.accumulate = true;
    }
    const auto n_rows = static_cast<std::uint32_t>(rows.size());
    run_ops(backend, [&](kernels::Ops& ops) { ops.matmul(w, in, out, n_rows, epilogue); });
    return read_all(backend, out);
  };
  return {std::string(kernels::traits(type).name) + (with_epilogue ? " with epilogue" : ""),
          in_cols, out_cols, run};
}

TEST_CASE("A row's products are the same bits beside any others", "[kernels][gpu]") {
  for (const DType type : all_dtypes()) {
    const std::uint32_t block = kernels::traits(type).block_len;
    // Enough columns for f32 sums to differ in; odd ones where the type allows.
    expect_rows_alone(matmul_op(type, 35, block == 1 ? 291 : block == 32 ? 288 : 512, false));
  }
  for (const DType type : {DType::kF16, DType::kQ8_0, DType::kQ4_K}) {
    expect_rows_alone(matmul_op(type, 33, 256, true));
  }
}

// As a layer's gate and up: normalized on the way in, in pairs.
RowOp norm_pairs_op(DType type, std::uint32_t out_cols, std::uint32_t in_cols) {
  const auto run = [=](kernels::Backend& backend, std::span<const std::uint32_t> rows) {
    auto w = random_matrix(backend, type, 2 * out_cols, in_cols, 1);
    auto in = upload_rows(backend, rows, in_cols, 2, -3, 9);
    auto normed = upload_rows(backend, rows, in_cols, 3);
    auto out = upload_rows(backend, rows, out_cols, 4);
    const kernels::Norm norm{random_vector(backend, in_cols, 5), 1e-5f};
    Epilogue epilogue;
    epilogue.gate = kernels::Activation::kSilu;
    const auto n_rows = static_cast<std::uint32_t>(rows.size());
    run_ops(backend, [&](kernels::Ops& ops) {
      ops.norm_matmul_into(in, norm, normed, w, std::span(&out, 1), n_rows, epilogue);
    });
    return read_all(backend, out);
  };
  return {std::string(kernels::traits(type).name) + " normalized pairs", in_cols, out_cols, run};
}

TEST_CASE("A row's gated products are the same bits beside any others", "[kernels][gpu]") {
  for (const DType type : {DType::kF16, DType::kQ8_0, DType::kQ4_K}) {
    expect_rows_alone(norm_pairs_op(type, 33, 512));
  }
}

TEST_CASE("A row's norm is the same bits beside any others", "[kernels][gpu]") {
  for (const std::uint32_t cols : {576u, 577u}) {
    expect_rows_alone({"rms_norm", cols, cols,
                       [=](kernels::Backend& backend, std::span<const std::uint32_t> rows) {
                         auto in = upload_rows(backend, rows, cols, 1);
                         auto out = upload_rows(backend, rows, cols, 2);
                         auto weight = random_vector(backend, cols, 3);
                         const auto n_rows = static_cast<std::uint32_t>(rows.size());
                         run_ops(backend, [&](kernels::Ops& ops) {
                           ops.rms_norm(in, weight, out, n_rows, 1e-5f, true);
                         });
                         return read_all(backend, out);
                       }});
  }
}

TEST_CASE("A row's attention is the same bits beside any others", "[kernels][gpu]") {
  const CacheShape shape{6, 2, 64, 16};
  const CachedSequences sequences(shape, {150, 41, 97}, 5);
  const std::uint32_t cols = shape.n_heads * shape.head_dim;
  for (const std::uint32_t window : {0u, 30u}) {
    expect_rows_alone(
        {"attention", cols, cols,
         [&](kernels::Backend& backend, std::span<const std::uint32_t> rows) {
           auto cache = sequences.fill(backend);
           std::vector<CachedSequences::Row> places;
           for (const std::uint32_t row : rows) {
             const std::uint32_t lengths[] = {150, 41, 97};
             places.push_back({row % 3, row * 37 % lengths[row % 3]});
           }
           const auto inputs = sequences.upload(backend, places);
           auto q = upload_rows(backend, rows, cols, 1);
           auto out = upload_rows(backend, rows, cols, 2);
           const auto n_rows = static_cast<std::uint32_t>(rows.size());
           run_ops(backend, [&](kernels::Ops& ops) {
             ops.attention(q, cache, 1, inputs, out, n_rows, {shape.n_heads, 0.125f, window, 0});
           });
           return read_all(backend, out);
         }});
  }
}

TEST_CASE("A row's logsumexp is the same bits beside any others", "[kernels][gpu]") {
  for (const std::uint32_t cols : {1021u, 1022u, 4099u}) {
    expect_rows_alone({"top_k of " + std::to_string(cols), cols, 1,
                       [=](kernels::Backend& backend, std::span<const std::uint32_t> rows) {
                         const auto n_rows = static_cast<std::uint32_t>(rows.size());
                         auto in = upload_rows(backend, rows, cols, 1, -8, 8);
                         auto ids = backend.create_indices(n_rows * 20).value_or_throw();
                         auto values = backend.create_tensor(n_rows, 20).value_or_throw();
                         auto logsumexp = backend.create_tensor(n_rows, 1).value_or_throw();
                         run_ops(backend, [&](kernels::Ops& ops) {
                           ops.top_k(in, 20, ids, values, logsumexp, n_rows);
                         });
                         return read_all(backend, logsumexp);
                       }});
  }
}

}  // namespace
}  // namespace understory::test
