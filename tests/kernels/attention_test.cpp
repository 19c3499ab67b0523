#include <catch2/catch.hpp>

#include "tests/kernels/cached_sequences.h"
#include "tests/kernels/compare.h"

namespace understory::test {
namespace {

// Keys and values are the same f16 on both sides; what differs is the order of sums and exp.
constexpr Tolerance kAttentionTolerance{2e-5f, 2e-5f};

struct Variant {
  std::uint32_t window = 0;
  float softcap = 0;
  float scale = 0.2f;
};

void expect_same_attention(const CacheShape& shape, const std::vector<std::uint32_t>& lengths,
                           const std::vector<CachedSequences::Row>& rows, Variant variant = {}) {
  const std::string name =
      "heads " + std::to_string(shape.n_heads) + "/" + std::to_string(shape.n_kv_heads) + " of " +
      std::to_string(shape.head_dim) + ", " + std::to_string(rows.size()) + " rows, window " +
      std::to_string(variant.window) + ", softcap " + std::to_string(variant.softcap);
  const CachedSequences sequences(shape, lengths, 17);
  const auto n_rows = static_cast<std::uint32_t>(rows.size());
  expect_same(
      name,
      [&](kernels::Backend& backend) {
        auto cache = sequences.fill(backend);
        const auto inputs = sequences.upload(backend, rows);
        const std::uint32_t cols = shape.n_heads * shape.head_dim;
        auto q = random_tensor(backend, n_rows + 1, cols, 18, -2, 2);
        auto out = random_tensor(backend, n_rows + 1, cols, 19);  // the last row is left alone
        run_ops(backend, [&](kernels::Ops& ops) {
          ops.attention(q, cache, 1, inputs, out, n_rows,
                        {shape.n_heads, variant.scale, variant.window, variant.softcap});
        });
        return read_all(backend, out);
      },
      kAttentionTolerance);
}

TEST_CASE("Attention agrees for every ratio of heads", "[kernels][gpu]") {
  for (const auto& [n_heads, n_kv_heads] :
       {std::pair{2u, 2u}, {9u, 3u}, {4u, 1u}, {8u, 1u}, {14u, 2u}, {10u, 1u}}) {
    expect_same_attention({n_heads, n_kv_heads, 64}, {50}, {{0, 49}, {0, 0}, {0, 17}});
  }
}

TEST_CASE("Attention agrees for every head dimension", "[kernels][gpu]") {
  for (const std::uint32_t head_dim : {32u, 64u, 80u, 256u}) {
    expect_same_attention({3, 1, head_dim}, {41}, {{0, 40}, {0, 3}});
  }
  for (const std::uint32_t head_dim : {8u, 48u, 96u, 128u, 256u}) {
    expect_same_attention({2, 2, head_dim}, {41}, {{0, 40}, {0, 3}});
  }
}

TEST_CASE("Attention agrees at positions around block and tile edges", "[kernels][gpu]") {
  std::vector<CachedSequences::Row> rows;
  for (const std::uint32_t edge : {16u, 32u, 64u, 128u, 256u}) {
    for (std::uint32_t position = edge - 2; position <= edge + 1; ++position) {
      rows.push_back({0, position});
    }
  }
  expect_same_attention({3, 1, 32}, {258}, rows);
}

TEST_CASE("Attention agrees for other block sizes", "[kernels][gpu]") {
  for (const std::uint32_t block_size : {1u, 4u, 24u, 64u}) {
    expect_same_attention({3, 1, 64, block_size}, {70}, {{0, 69}, {0, 24}, {0, 23}});
  }
}

TEST_CASE("Rows of several sequences read their own block tables", "[kernels][gpu]") {
  const std::vector<std::uint32_t> lengths{5, 33, 1, 90};
  const CachedSequences sequences({4, 2, 64}, lengths, 17);
  auto rows = sequences.all_positions();
  rows.resize(33);
  expect_same_attention({4, 2, 64}, lengths, rows);
}

TEST_CASE("A sliding window hides what came before", "[kernels][gpu]") {
  const std::vector<CachedSequences::Row> rows{{0, 299}, {0, 0}, {0, 6}, {0, 7}, {0, 150}, {0, 64}};
  for (const std::uint32_t window : {1u, 7u, 64u, 100u, 4096u}) {
    expect_same_attention({3, 1, 64}, {300}, rows, {window, 0, 0.2f});
  }
}

TEST_CASE("Softcap bends the scores, with and without a window", "[kernels][gpu]") {
  const std::vector<CachedSequences::Row> rows{{0, 120}, {0, 33}, {0, 1}};
  expect_same_attention({2, 1, 64}, {121}, rows, {0, 5.0f, 1.0f});
  expect_same_attention({2, 1, 64}, {121}, rows, {40, 50.0f, 1.0f});
}

TEST_CASE("Attention stays exact where one score towers over the rest", "[kernels][gpu]") {
  expect_same_attention({2, 1, 64}, {200}, {{0, 199}, {0, 100}}, {0, 0, 30.0f});
}

TEST_CASE("Attention agrees over a long context", "[kernels][gpu]") {
  expect_same_attention({9, 3, 64}, {1500}, {{0, 1499}, {0, 1024}});
}

// Mesa's CPU driver silently ends all loops after 65535 rounds.
TEST_CASE("Attention agrees over a context longer than a driver's loops", "[kernels][gpu]") {
  expect_same_attention({1, 1, 8}, {50000}, {{0, 49999}}, {0, 0, 0.5f});
}

}  // namespace
}  // namespace understory::test
