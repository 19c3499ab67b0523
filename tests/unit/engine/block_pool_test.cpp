#include "daemon/engine/block_pool.h"

#include <catch2/catch.hpp>
#include <set>

using understory::engine::BlockPool;

TEST_CASE("A block pool hands out each block once and takes it back", "[unit]") {
  BlockPool pool(3);
  std::set<std::uint32_t> blocks;
  for (int i = 0; i < 3; ++i) blocks.insert(pool.allocate().value());
  CHECK(blocks == std::set<std::uint32_t>{0, 1, 2});
  CHECK_FALSE(pool.allocate());
  pool.release(1);
  CHECK(pool.n_free() == 1);
  CHECK(pool.allocate() == 1u);
}

TEST_CASE("A block is free only with its last reference", "[unit]") {
  BlockPool pool(1);
  const auto block = pool.allocate().value();
  pool.retain(block);
  pool.release(block);
  CHECK(pool.ref_count(block) == 1);
  CHECK_FALSE(pool.allocate());
  pool.release(block);
  CHECK(pool.allocate() == block);
}
