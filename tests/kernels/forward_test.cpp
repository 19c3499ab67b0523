// Ops one after another, as a forward pass calls them: what one writes the next must see.
#include <catch2/catch.hpp>

#include "tests/kernels/cached_sequences.h"
#include "tests/kernels/compare.h"
#include "tests/support/dequantize.h"

namespace understory::test {
namespace {

using kernels::DType;

constexpr std::uint32_t kDim = 96;
constexpr std::uint32_t kHidden = 160;
constexpr std::uint32_t kVocab = 301;
constexpr CacheShape kHeads{3, 1, 32, 16};
// Differences of each op grow through a layer of random weights.
constexpr Tolerance kLayerTolerance{2e-3f, 2e-3f};

TEST_CASE("A layer of a transformer agrees when run twice", "[kernels][gpu]") {
  const CachedSequences sequences(kHeads, {20, 9}, 5);
  const std::vector<CachedSequences::Row> rows{{0, 7}, {0, 8}, {1, 3}};
  const auto n = static_cast<std::uint32_t>(rows.size());
  expect_same(
      "one layer",
      [&](kernels::Backend& backend) {
        const auto weights = [&](std::uint32_t out, std::uint32_t in, std::uint32_t seed) {
          return random_matrix(backend, DType::kQ8_0, out, in, seed);
        };
        auto table = weights(kVocab, kDim, 1), wq = weights(kDim, kDim, 2);
        auto wk = weights(32, kDim, 3), wv = weights(32, kDim, 4), wo = weights(kDim, kDim, 5);
        auto gate = weights(kHidden, kDim, 6), up = weights(kHidden, kDim, 7);
        auto down = weights(kDim, kHidden, 8);
        auto norm = random_vector(backend, kDim, 9, 0.05f, 0.15f);
        const auto tensor = [&](std::uint32_t cols) {
          return backend.create_tensor(n, cols).value_or_throw();
        };
        auto x = tensor(kDim), h = tensor(kDim), q = tensor(kDim), k = tensor(32), v = tensor(32);
        auto attended = tensor(kDim), gated = tensor(kHidden), hidden = tensor(kHidden);
        auto logits = tensor(kVocab), last = backend.create_tensor(1, kDim).value_or_throw();
        auto values = tensor(5), logsumexp = tensor(1);
        auto ids = backend.create_indices(5).value_or_throw();
        auto wanted = upload_indices(backend, std::vector<std::uint32_t>{2});
        auto tokens = upload_indices(backend, std::vector<std::uint32_t>{7, 300, 21});
        std::vector<float> angles(std::size_t{n} * 32);
        for (std::size_t i = 0; i < angles.size(); ++i) angles[i] = i % 2 == 0 ? 0.8f : 0.6f;
        auto cos_sin = upload_tensor(backend, n, 32, angles);
        auto cache = sequences.fill(backend);
        const auto inputs = sequences.upload(backend, rows);
        auto program = backend
                           .record([&](kernels::Ops& ops) {
                             ops.embed(table, tokens, x, n, 1.0f);
                             ops.rms_norm(x, norm, h, n, 1e-5f);
                             ops.matmul(wq, h, q, n);
                             ops.matmul(wk, h, k, n);
                             ops.matmul(wv, h, v, n);
                             ops.rope_store(q, k, v, cos_sin, kernels::RopePairing::kHalves, cache,
                                            0, inputs.slots, n);
                             ops.attention(q, cache, 0, inputs, attended, n, {3, 0.17f, 0, 0});
                             kernels::Epilogue residual;
                             residual.accumulate = true;
                             ops.matmul(wo, attended, x, n, residual);
                             ops.rms_norm(x, norm, h, n, 1e-5f);
                             ops.matmul(gate, h, gated, n);
                             kernels::Epilogue swiglu;
                             swiglu.gate = kernels::Activation::kSilu;
                             swiglu.gate_input = gated;
                             ops.matmul(up, h, hidden, n, swiglu);
                             ops.matmul(down, hidden, x, n, residual);
                             ops.gather_rows(x, wanted, last, 1);
                             ops.rms_norm(last, norm, last, 1, 1e-5f);
                             ops.matmul(table, last, logits, 1);
                             ops.top_k(logits, 5, ids, values, logsumexp, 1);
                           })
                           .value_or_throw();
        backend.run(*program).value_or_throw();
        backend.write(tokens, std::vector<std::uint32_t>{8, 9, 10});
        backend.run(*program).value_or_throw();
        std::vector<float> results(kVocab);
        backend.read(logits, results);
        results.resize(kVocab + 1);
        backend.read(logsumexp, std::span(results).last(1));
        return results;
      },
      kLayerTolerance);
}

TEST_CASE("Tensors and indices are written and read at offsets", "[kernels][gpu]") {
  expect_same(
      "offsets",
      [](kernels::Backend& backend) {
        auto tensor = random_tensor(backend, 3, 7, 1);
        backend.write(tensor, std::vector<float>{1, 2, 3}, 11);
        std::vector<float> part(9);
        backend.read(tensor, part, 8);
        auto indices = upload_indices(backend, std::vector<std::uint32_t>{5, 6, 7, 8, 9});
        backend.write(indices, std::vector<std::uint32_t>{70}, 2);
        std::vector<std::uint32_t> tail(3);
        backend.read(indices, tail, 1);
        part.insert(part.end(), tail.begin(), tail.end());
        return part;
      },
      kExact);
}

TEST_CASE("Data reaches an unmapped device through staging buffers", "[kernels][gpu]") {
  constexpr std::uint32_t kRows = 2100;  // 8.6 MB: more than one staging buffer holds
  constexpr std::uint32_t kCols = 1024;
  kernels::VulkanOptions options;
  options.validation = true;
  options.staging = true;
  auto backend = kernels::open_vulkan_backend(options).value_or_throw();
  const auto values = random_floats(std::size_t{kRows} * kCols, 1);
  auto in = upload_tensor(*backend, kRows, kCols, values);
  auto out = backend->create_tensor(3, kCols).value_or_throw();
  auto rows = upload_indices(*backend, std::vector<std::uint32_t>{2099, 0, 2048});
  run_ops(*backend, [&](kernels::Ops& ops) { ops.gather_rows(in, rows, out, 3); });
  CHECK(read_all(*backend, in) == values);
  std::vector<float> expected;
  for (const std::size_t row : {2099u, 0u, 2048u}) {
    expected.insert(expected.end(), &values[row * kCols], &values[row * kCols] + kCols);
  }
  CHECK(read_all(*backend, out) == expected);
}

TEST_CASE("Freed handles give their memory back", "[kernels][gpu]") {
  for (const auto family : {kernels::KernelFamily::kLanes, kernels::KernelFamily::kSubgroup}) {
    auto& backend = vulkan_backend(family);
    const std::size_t before = backend.allocated_bytes();
    {
      auto tensor = random_tensor(backend, 100, 100, 1);
      CHECK(backend.allocated_bytes() >= before + 40000);
    }
    CHECK(backend.allocated_bytes() == before);
  }
}

}  // namespace
}  // namespace understory::test
