#include "tests/kernels/cached_sequences.h"

#include <algorithm>
#include <random>

#include "tests/kernels/compare.h"

namespace understory::test {

namespace {

constexpr std::uint32_t kSpareBlocks = 3;
constexpr std::size_t kMaxRowsAtOnce = 32768;  // a dispatch is one workgroup a row
// What a table holds past its sequence's end; must not be followed out of the cache.
constexpr std::uint32_t kUnusedEntry = 0;

// std::shuffle is not the same everywhere.
template <class T>
void shuffle(std::vector<T>& values, std::uint32_t seed) {
  std::mt19937 random(seed);
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random() % i]);
}

std::uint32_t blocks_for(std::uint32_t length, std::uint32_t block_size) {
  return (length + block_size - 1) / block_size;
}

}  // namespace

CachedSequences::CachedSequences(CacheShape shape, std::vector<std::uint32_t> lengths,
                                 std::uint32_t seed)
    : shape_(shape), lengths_(std::move(lengths)), seed_(seed), n_blocks_(kSpareBlocks) {
  for (const std::uint32_t length : lengths_) {
    const std::uint32_t blocks = blocks_for(length, shape_.block_size);
    blocks_per_sequence_ = std::max(blocks_per_sequence_, blocks + 1);
    n_blocks_ += blocks;
  }
  std::vector<std::uint32_t> free_blocks(n_blocks_);
  for (std::uint32_t i = 0; i < n_blocks_; ++i) free_blocks[i] = i;
  shuffle(free_blocks, seed_);
  for (const std::uint32_t length : lengths_) {
    for (std::uint32_t b = 0; b < blocks_per_sequence_; ++b) {
      const bool used = b < blocks_for(length, shape_.block_size);
      tables_.push_back(used ? free_blocks.back() : kUnusedEntry);
      if (used) free_blocks.pop_back();
    }
  }
}

std::uint32_t CachedSequences::slot(std::uint32_t sequence, std::uint32_t position) const {
  const std::uint32_t entry = sequence * blocks_per_sequence_ + position / shape_.block_size;
  return tables_[entry] * shape_.block_size + position % shape_.block_size;
}

std::vector<CachedSequences::Row> CachedSequences::all_positions() const {
  std::vector<Row> rows;
  for (std::uint32_t s = 0; s < lengths_.size(); ++s) {
    for (std::uint32_t p = 0; p < lengths_[s]; ++p) rows.push_back({s, p});
  }
  shuffle(rows, seed_ + 1);
  return rows;
}

kernels::KvCache CachedSequences::fill(kernels::Backend& backend) const {
  auto cache = backend
                   .create_kv_cache(kTestLayers, shape_.n_kv_heads, shape_.head_dim,
                                    shape_.block_size, n_blocks_)
                   .value_or_throw();
  const auto rows = all_positions();
  for (std::size_t done = 0; done < rows.size(); done += kMaxRowsAtOnce) {
    const std::size_t n = std::min(kMaxRowsAtOnce, rows.size() - done);
    store(backend, cache, std::span(rows).subspan(done, n),
          seed_ + static_cast<std::uint32_t>(done));
  }
  return cache;
}

void CachedSequences::store(kernels::Backend& backend, const kernels::KvCache& cache,
                            std::span<const Row> rows, std::uint32_t seed) const {
  const auto n_rows = static_cast<std::uint32_t>(rows.size());
  const std::uint32_t cols = shape_.n_kv_heads * shape_.head_dim;
  std::vector<std::uint32_t> slots;
  std::vector<float> no_turn;
  for (const Row& row : rows) {
    slots.push_back(slot(row.sequence, row.position));
    no_turn.insert(no_turn.end(), {1, 0});
  }
  auto slot_indices = upload_indices(backend, slots);
  auto q = random_tensor(backend, n_rows, shape_.head_dim, 1);
  auto cos_sin = upload_tensor(backend, n_rows, 2, no_turn);
  for (std::uint32_t layer = 0; layer < kTestLayers; ++layer) {
    auto k = random_tensor(backend, n_rows, cols, seed + 10 + layer, -1.5f, 1.5f);
    auto v = random_tensor(backend, n_rows, cols, seed + 20 + layer, -2, 2);
    run_ops(backend, [&](kernels::Ops& ops) {
      ops.rope_store(q, k, v, cos_sin, kernels::RopePairing::kInterleaved, cache, layer,
                     slot_indices, n_rows);
    });
  }
}

kernels::RowInputs CachedSequences::upload(kernels::Backend& backend,
                                           const std::vector<Row>& rows) const {
  std::vector<std::uint32_t> positions, slots, sequences;
  for (const Row& row : rows) {
    positions.push_back(row.position);
    slots.push_back(slot(row.sequence, row.position));
    sequences.push_back(row.sequence);
  }
  kernels::RowInputs inputs;
  inputs.positions = upload_indices(backend, positions);
  inputs.slots = upload_indices(backend, slots);
  inputs.sequences = upload_indices(backend, sequences);
  inputs.block_tables = upload_indices(backend, tables_);
  inputs.blocks_per_sequence = blocks_per_sequence_;
  return inputs;
}

}  // namespace understory::test
