#include "daemon/engine/block_pool.h"

#include <cassert>

namespace understory::engine {

BlockPool::BlockPool(std::uint32_t n_blocks) : ref_counts_(n_blocks, 0) {
  free_.reserve(n_blocks);
  for (std::uint32_t block = n_blocks; block-- > 0;) free_.push_back(block);
}

std::optional<BlockId> BlockPool::allocate() {
  if (free_.empty()) return std::nullopt;
  const BlockId block = free_.back();
  free_.pop_back();
  ref_counts_[block] = 1;
  return block;
}

void BlockPool::retain(BlockId block) {
  assert(ref_counts_[block] > 0);
  ++ref_counts_[block];
}

void BlockPool::release(BlockId block) {
  assert(ref_counts_[block] > 0);
  if (--ref_counts_[block] == 0) free_.push_back(block);
}

}  // namespace understory::engine
