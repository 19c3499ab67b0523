// Reference counts and the free list of the device's KV cache blocks. One block holds the keys
// and values of model::kBlockSize positions in every layer.
//
// Engine thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace understory::engine {

using BlockId = std::uint32_t;

class BlockPool {
 public:
  explicit BlockPool(std::uint32_t n_blocks);

  /// A free block with one reference, or nullopt where none is free.
  std::optional<BlockId> allocate();
  void retain(BlockId block);
  /// Back to the free list with the last reference.
  void release(BlockId block);

  std::uint32_t ref_count(BlockId block) const { return ref_counts_[block]; }
  std::uint32_t n_blocks() const { return static_cast<std::uint32_t>(ref_counts_.size()); }
  std::uint32_t n_free() const { return static_cast<std::uint32_t>(free_.size()); }

 private:
  std::vector<std::uint32_t> ref_counts_;
  std::vector<BlockId> free_;
};

}  // namespace understory::engine
