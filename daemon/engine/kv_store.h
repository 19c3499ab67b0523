// The KV cache as the engine sees it: the block pool, the prefix cache that fills what the
// running requests leave free, and the promises made to running requests. A request starts
// only when its worst case can be promised, so none fails half-way for want of a block.
//
// Engine thread only.
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/engine/block_pool.h"
#include "daemon/engine/prefix_cache.h"

namespace understory::engine {

class KvStore {
 public:
  explicit KvStore(std::uint32_t n_blocks) : pool_(n_blocks), cache_(pool_) {}

  /// A block with one reference; evicts cached prefixes as needed. nullopt where running
  /// requests hold every block.
  std::optional<BlockId> allocate();

  /// Promises n blocks to a request; false where that many are not left. More than the pool
  /// has counts as the whole pool.
  bool reserve(std::uint32_t n_blocks);
  void unreserve(std::uint32_t n_blocks);

  BlockPool& pool() { return pool_; }
  const BlockPool& pool() const { return pool_; }
  PrefixCache& cache() { return cache_; }
  const PrefixCache& cache() const { return cache_; }

 private:
  std::uint32_t clamped(std::uint32_t n_blocks) const;

  BlockPool pool_;
  PrefixCache cache_;
  std::uint32_t reserved_ = 0;
};

}  // namespace understory::engine
