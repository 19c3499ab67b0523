#include "daemon/model/limits.h"

#include <algorithm>
#include <limits>

namespace understory::model {
namespace {

constexpr std::uint32_t kDefaultContext = 4096;
constexpr std::uint32_t kMaxSequences = 1024;
constexpr std::uint32_t kMaxRows = 1u << 16;
// Logits kept for one step: a quarter of a million tokens times 64 rows.
constexpr std::size_t kLogitBytes = std::size_t{64} << 20;
// The default cache holds this many whole contexts, memory allowing; where they are small, so
// many as fit into kSmallCacheBytes, so that the texts of many clients stay.
constexpr std::size_t kDefaultContexts = 4;
constexpr std::size_t kMostDefaultContexts = 32;
constexpr std::size_t kSmallCacheBytes = std::size_t{64} << 20;
constexpr std::size_t kShareOfFreeMemory = 4;

std::uint32_t blocks_for(std::uint32_t n_positions) {
  return (n_positions + kBlockSize - 1) / kBlockSize;
}

Error out_of_range(const char* option, std::uint32_t value, std::uint32_t max) {
  return {ErrorCode::kInvalidArgument, std::string(option) + " is " + std::to_string(value) +
                                           "; it can be at most " + std::to_string(max)};
}

Result<std::uint32_t> choose_cache_blocks(const ModelOptions& options, const Config& config,
                                          const kernels::Backend& backend,
                                          std::uint32_t blocks_per_sequence) {
  const std::size_t block_bytes =
      kernels::kv_cache_bytes(config.n_layers, config.n_kv_heads, config.head_dim, kBlockSize, 1);
  // Slots are u32.
  constexpr std::size_t kMaxBlocks = std::numeric_limits<std::uint32_t>::max() / kBlockSize;
  std::size_t bytes = options.kv_cache_bytes;
  if (bytes == 0) {
    const std::size_t context_bytes = blocks_per_sequence * block_bytes;
    bytes = std::max(kDefaultContexts * context_bytes,
                     std::min(kMostDefaultContexts * context_bytes, kSmallCacheBytes));
    const std::size_t free_bytes = backend.info().free_memory_bytes;
    if (free_bytes > 0) bytes = std::min(bytes, free_bytes / kShareOfFreeMemory);
    bytes = std::max(bytes, blocks_per_sequence * block_bytes);
  }
  if (bytes / block_bytes < blocks_per_sequence) {
    return Error{ErrorCode::kInvalidArgument,
                 "kv_cache_bytes is " + std::to_string(bytes) + "; one context needs " +
                     std::to_string(blocks_per_sequence * block_bytes)};
  }
  return static_cast<std::uint32_t>(std::min(bytes / block_bytes, kMaxBlocks));
}

}  // namespace

Result<Limits> choose_limits(const ModelOptions& options, const Config& config,
                             const kernels::Backend& backend) {
  Limits limits;
  limits.max_sequences = options.max_sequences;
  if (limits.max_sequences == 0 || limits.max_sequences > kMaxSequences) {
    return out_of_range("max_sequences", options.max_sequences, kMaxSequences);
  }
  if (options.max_rows > kMaxRows) return out_of_range("max_rows", options.max_rows, kMaxRows);
  limits.max_rows = options.max_rows > 0 ? options.max_rows
                                         : backend.preferred_chunk_rows() + limits.max_sequences;

  const std::size_t row_bytes = std::size_t{config.vocab_size} * sizeof(float);
  const std::size_t affordable = kLogitBytes / row_bytes;
  limits.max_logit_rows = static_cast<std::uint32_t>(std::min<std::size_t>(
      limits.max_rows, std::max<std::size_t>(limits.max_sequences, affordable)));

  const std::uint32_t wanted = options.context > 0 ? options.context : kDefaultContext;
  limits.context = std::min(wanted, config.trained_context);
  limits.blocks_per_sequence = blocks_for(limits.context);
  Result<std::uint32_t> n_blocks =
      choose_cache_blocks(options, config, backend, limits.blocks_per_sequence);
  if (!n_blocks) return n_blocks.error();
  limits.n_cache_blocks = *n_blocks;
  return limits;
}

}  // namespace understory::model
