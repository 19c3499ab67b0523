#include "daemon/engine/prefix_cache.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "daemon/engine/random.h"

using namespace understory::engine;
using understory::model::kBlockSize;
using Tokens = std::vector<std::uint32_t>;

namespace {

Tokens counting(std::uint32_t n, std::uint32_t from = 0) {
  Tokens tokens(n);
  for (std::uint32_t i = 0; i < n; ++i) tokens[i] = from + i;
  return tokens;
}

std::vector<BlockId> allocate(BlockPool& pool, std::size_t n_tokens) {
  std::vector<BlockId> blocks;
  for (std::size_t i = 0; i * kBlockSize < n_tokens; ++i) blocks.push_back(*pool.allocate());
  return blocks;
}

void release(BlockPool& pool, const std::vector<BlockId>& blocks) {
  for (const BlockId block : blocks) pool.release(block);
}

/// Puts fresh blocks for tokens into the cache and lets go of them.
std::vector<BlockId> remember(PrefixCache& cache, BlockPool& pool, const Tokens& tokens) {
  auto blocks = allocate(pool, tokens.size());
  cache.insert(tokens, blocks);
  release(pool, blocks);
  return blocks;
}

}  // namespace

TEST_CASE("A lookup finds what was inserted, to the token", "[unit]") {
  BlockPool pool(32);
  PrefixCache cache(pool);
  const auto blocks = remember(cache, pool, counting(40));
  CHECK(pool.n_free() == 29);

  Tokens other = counting(40);
  other[37] = 999;
  PrefixMatch match = cache.match(other);
  CHECK(match.n_tokens == 37);
  CHECK(match.blocks == blocks);
  release(pool, match.blocks);

  match = cache.match(counting(16));
  CHECK(match.n_tokens == 16);
  CHECK(match.blocks.size() == 1);
  release(pool, match.blocks);

  CHECK(cache.match(counting(5, 77)).n_tokens == 0);
  CHECK(cache.match({}).n_tokens == 0);
}

TEST_CASE("A full block that the tree has already replaces the caller's", "[unit]") {
  BlockPool pool(8);
  PrefixCache cache(pool);
  const auto first = remember(cache, pool, counting(16));
  auto second = allocate(pool, 32);
  cache.insert(counting(32), second);
  CHECK(second[0] == first[0]);
  release(pool, second);
  CHECK(cache.n_blocks() == 2);
  CHECK(pool.n_free() == 6);
}

TEST_CASE("A longer text takes over a partial leaf, a shorter one leaves it", "[unit]") {
  BlockPool pool(8);
  PrefixCache cache(pool);
  remember(cache, pool, counting(10));
  remember(cache, pool, counting(14));
  CHECK(cache.n_blocks() == 1);
  remember(cache, pool, counting(12));
  CHECK(cache.n_blocks() == 1);
  const PrefixMatch match = cache.match(counting(20));
  CHECK(match.n_tokens == 14);
  release(pool, match.blocks);
  CHECK(pool.n_free() == 7);
}

TEST_CASE("Eviction takes the least recently used leaf that nobody holds", "[unit]") {
  BlockPool pool(8);
  PrefixCache cache(pool);
  remember(cache, pool, counting(32));
  remember(cache, pool, counting(16, 100));
  const PrefixMatch held = cache.match(counting(16, 100));  // used last, and held
  release(pool, cache.match(counting(32)).blocks);          // used after that

  REQUIRE(cache.evict_one());  // not the held one: the end of the other
  PrefixMatch match = cache.match(counting(32));
  CHECK(match.n_tokens == 16);
  release(pool, match.blocks);
  REQUIRE(cache.evict_one());
  CHECK_FALSE(cache.evict_one());
  release(pool, held.blocks);
  REQUIRE(cache.evict_one());
  CHECK(pool.n_free() == 8);
  CHECK(cache.n_evicted() == 3);
}

namespace {

/// The cache's promise in the plainest form: the contents of each block, and every prefix
/// known to be cached.
class NaiveCache {
 public:
  explicit NaiveCache(std::uint32_t n_blocks) : pool(n_blocks), cache(pool), contents(n_blocks) {}

  std::vector<BlockId> write(const Tokens& tokens) {
    std::vector<BlockId> blocks;
    for (std::size_t at = 0; at < tokens.size(); at += kBlockSize) {
      auto block = pool.allocate();
      while (!block && cache.evict_one()) block = pool.allocate();
      if (!block) break;
      contents[*block] =
          Tokens(tokens.begin() + at, tokens.begin() + std::min(at + kBlockSize, tokens.size()));
      blocks.push_back(*block);
    }
    return blocks;
  }

  bool holds(const PrefixMatch& match, const Tokens& tokens) const {
    for (std::uint32_t i = 0; i < match.n_tokens; ++i) {
      const Tokens& block = contents[match.blocks[i / kBlockSize]];
      if (i % kBlockSize >= block.size() || block[i % kBlockSize] != tokens[i]) return false;
    }
    return match.blocks.size() == (match.n_tokens + kBlockSize - 1) / kBlockSize;
  }

  BlockPool pool;
  PrefixCache cache;
  std::vector<Tokens> contents;
};

/// Texts over few tokens, so that prefixes are shared often.
Tokens random_text(std::uint64_t seed) {
  Tokens tokens(1 + random_bits(seed, 0) % 70);
  const std::uint64_t family = random_bits(seed, 1) % 6;
  const std::size_t turn = random_bits(seed, 2) % 80;
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = i < turn ? random_bits(family, i) % 50 : random_bits(seed, i) % 3;
  return tokens;
}

}  // namespace

TEST_CASE("Random inserts, lookups, holds and evictions agree with a naive model", "[unit]") {
  NaiveCache naive(40);
  std::vector<Tokens> inserted;  // since the last eviction: all of it must be found
  std::uint64_t n_evicted = 0;
  std::vector<std::vector<BlockId>> held;
  std::uint64_t n_hits = 0;
  for (std::uint64_t step = 0; step < 20000; ++step) {
    const Tokens text = random_text(step);
    if (step % 3 == 0) {
      auto blocks = naive.write(text);
      const std::size_t n = std::min(text.size(), blocks.size() * kBlockSize);
      if (n > 0) {
        naive.cache.insert(std::span(text).first(n), blocks);
        inserted.emplace_back(text.begin(), text.begin() + n);
      }
      release(naive.pool, blocks);
    } else if (step % 3 == 1) {
      const PrefixMatch match = naive.cache.match(text);
      REQUIRE(naive.holds(match, text));
      std::size_t expected = 0;
      for (const Tokens& known : inserted) {
        const auto end = std::mismatch(known.begin(), known.end(), text.begin(), text.end());
        expected = std::max<std::size_t>(expected, end.first - known.begin());
      }
      REQUIRE(match.n_tokens >= expected);
      n_hits += match.n_tokens;
      held.push_back(match.blocks);
    } else if (random_bits(step, 9) % 4 == 0) {
      naive.cache.evict_one();
    }
    if (held.size() > 5) {
      release(naive.pool, held.front());
      held.erase(held.begin());
    }
    if (naive.cache.n_evicted() != n_evicted) {
      n_evicted = naive.cache.n_evicted();
      inserted.clear();
    }
  }
  CHECK(n_hits > 1000);
  for (const auto& blocks : held) release(naive.pool, blocks);
  naive.cache.clear();
  CHECK(naive.pool.n_free() == 40);
}
