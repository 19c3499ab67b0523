#include <catch2/catch.hpp>
#include <cmath>

#include "tests/kernels/cached_sequences.h"
#include "tests/kernels/compare.h"

namespace understory::test {
namespace {

using kernels::RopePairing;

constexpr Tolerance kRotationTolerance{2e-6f, 1e-5f};
// The cache is f16: its rounding may go the other way after a rotation in another order.
constexpr Tolerance kHalfTolerance{1e-4f, 1e-3f};

struct RopeCase {
  CacheShape shape;
  std::uint32_t rope_dim;
  RopePairing pairing;
  std::uint32_t n_rows;
};

std::string name_of(const RopeCase& c) {
  return std::to_string(c.n_rows) + " rows, heads " + std::to_string(c.shape.n_heads) + "/" +
         std::to_string(c.shape.n_kv_heads) + " of " + std::to_string(c.shape.head_dim) +
         ", rope_dim " + std::to_string(c.rope_dim) +
         (c.pairing == RopePairing::kHalves ? ", halves" : ", interleaved");
}

std::vector<float> angles_of(const std::vector<CachedSequences::Row>& rows,
                             std::uint32_t rope_dim) {
  std::vector<float> cos_sin;
  for (const auto& row : rows) {
    for (std::uint32_t i = 0; i < rope_dim / 2; ++i) {
      const double angle = row.position * std::pow(10000.0, -2.0 * i / rope_dim);
      cos_sin.push_back(static_cast<float>(std::cos(angle)));
      cos_sin.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  return cos_sin;
}

struct Rotated {
  std::vector<float> q;
  std::vector<float> attended;  // shows what the cache holds
};

Rotated rotate_and_attend(kernels::Backend& backend, const RopeCase& c) {
  const CachedSequences sequences(c.shape, {c.n_rows + 1}, 3);
  std::vector<CachedSequences::Row> rows;
  for (std::uint32_t r = 0; r < c.n_rows; ++r) rows.push_back({0, r});
  const auto inputs = sequences.upload(backend, rows);
  const std::uint32_t q_cols = c.shape.n_heads * c.shape.head_dim;
  const std::uint32_t kv_cols = c.shape.n_kv_heads * c.shape.head_dim;
  auto q = random_tensor(backend, c.n_rows + 1, q_cols, 4);  // the last row must be left alone
  auto k = random_tensor(backend, c.n_rows + 1, kv_cols, 5);
  auto v = random_tensor(backend, c.n_rows + 1, kv_cols, 6);
  auto cos_sin = upload_tensor(backend, c.n_rows, c.rope_dim, angles_of(rows, c.rope_dim));
  auto out = random_tensor(backend, c.n_rows, q_cols, 7);
  auto cache = sequences.fill(backend);
  run_ops(backend, [&](kernels::Ops& ops) {
    ops.rope_store(q, k, v, cos_sin, c.pairing, cache, 1, inputs.slots, c.n_rows);
    ops.attention(q, cache, 1, inputs, out, c.n_rows, {c.shape.n_heads, 0.5f, 0, 0});
  });
  return {read_all(backend, q), read_all(backend, out)};
}

TEST_CASE("RoPE rotates q and stores k and v as the reference does", "[kernels][gpu]") {
  const RopeCase cases[] = {
      {{9, 3, 64}, 64, RopePairing::kInterleaved, 5},
      {{9, 3, 64}, 64, RopePairing::kHalves, 5},
      {{4, 1, 256}, 256, RopePairing::kHalves, 3},
      {{2, 2, 48}, 48, RopePairing::kHalves, 17},
      {{3, 1, 80}, 32, RopePairing::kHalves, 4},  // partly rotated
      {{3, 1, 80}, 20, RopePairing::kHalves, 4},  // no whole vectors of pairs
      {{2, 1, 32}, 6, RopePairing::kInterleaved, 33},
      {{2, 1, 32}, 24, RopePairing::kInterleaved, 1},
      {{8, 1, 128}, 128, RopePairing::kInterleaved, 2},
      {{1, 1, 8}, 2, RopePairing::kHalves, 7},
  };
  for (const RopeCase& c : cases) {
    expect_same(
        name_of(c) + ": q",
        [&](kernels::Backend& backend) { return rotate_and_attend(backend, c).q; },
        kRotationTolerance);
    expect_same(
        name_of(c) + ": cache",
        [&](kernels::Backend& backend) { return rotate_and_attend(backend, c).attended; },
        kHalfTolerance);
  }
}

TEST_CASE("Copied cache blocks read the same in every layer", "[kernels][gpu]") {
  const CacheShape shape{2, 2, 16, 16};
  const CachedSequences sequences(shape, {40, 21}, 8);
  for (std::uint32_t layer = 0; layer < kTestLayers; ++layer) {
    expect_same(
        "layer " + std::to_string(layer),
        [&](kernels::Backend& backend) {
          auto cache = sequences.fill(backend);
          // Sequence 1 becomes the first 32 positions of sequence 0.
          std::vector<kernels::Backend::BlockCopy> copies;
          for (const std::uint32_t position : {0u, 16u}) {
            copies.push_back({sequences.slot(0, position) / 16, sequences.slot(1, position) / 16});
          }
          backend.copy_blocks(cache, copies).value_or_throw();
          const auto inputs = sequences.upload(backend, {{1, 31}, {0, 31}, {0, 39}});
          auto q = random_tensor(backend, 3, 32, 9);
          auto out = random_tensor(backend, 3, 32, 10);
          run_ops(backend, [&](kernels::Ops& ops) {
            ops.attention(q, cache, layer, inputs, out, 3, {2, 0.25f, 0, 0});
          });
          return read_all(backend, out);
        },
        kHalfTolerance);
  }
}

}  // namespace
}  // namespace understory::test
