#include "daemon/engine/kv_store.h"

#include <algorithm>
#include <cassert>

namespace understory::engine {

std::optional<BlockId> KvStore::allocate() {
  while (true) {
    if (auto block = pool_.allocate()) return block;
    if (!cache_.evict_one()) return std::nullopt;
  }
}

bool KvStore::reserve(std::uint32_t n_blocks) {
  const std::uint32_t n = clamped(n_blocks);
  if (n > pool_.n_blocks() - reserved_) return false;
  reserved_ += n;
  return true;
}

void KvStore::unreserve(std::uint32_t n_blocks) {
  const std::uint32_t n = clamped(n_blocks);
  assert(n <= reserved_);
  reserved_ -= n;
}

std::uint32_t KvStore::clamped(std::uint32_t n_blocks) const {
  return std::min(n_blocks, pool_.n_blocks());
}

}  // namespace understory::engine
