// Sequences whose keys and values lie in scattered cache blocks, for the attention tests.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/backend.h"

namespace understory::test {

struct CacheShape {
  std::uint32_t n_heads = 1;
  std::uint32_t n_kv_heads = 1;
  std::uint32_t head_dim = 64;
  std::uint32_t block_size = 16;
};

/// The block tables of sequences of the given lengths, with blocks dealt out in no order; and
/// rows to attend from.
class CachedSequences {
 public:
  CachedSequences(CacheShape shape, std::vector<std::uint32_t> lengths, std::uint32_t seed);

  struct Row {
    std::uint32_t sequence = 0;
    std::uint32_t position = 0;
  };

  std::uint32_t n_blocks() const { return n_blocks_; }
  std::uint32_t slot(std::uint32_t sequence, std::uint32_t position) const;

  /// Every position of every sequence, in an order that mixes the sequences.
  std::vector<Row> all_positions() const;

  /// A cache on the backend with random keys and values at all positions of two layers, brought
  /// there by rope_store with no rotation. Everything else in the cache is left as it was.
  kernels::KvCache fill(kernels::Backend& backend) const;

  kernels::RowInputs upload(kernels::Backend& backend, const std::vector<Row>& rows) const;

 private:
  void store(kernels::Backend& backend, const kernels::KvCache& cache, std::span<const Row> rows,
             std::uint32_t seed) const;

  CacheShape shape_;
  std::vector<std::uint32_t> lengths_;
  std::uint32_t seed_;
  std::uint32_t blocks_per_sequence_ = 0;
  std::uint32_t n_blocks_ = 0;
  std::vector<std::uint32_t> tables_;
};

inline constexpr std::uint32_t kTestLayers = 2;

}  // namespace understory::test
