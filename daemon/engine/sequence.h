// One line of text in the KV cache: its tokens, how many of them the model has computed, and
// the table of blocks that hold them. Forks share blocks; whoever writes into a shared block
// copies it first.
//
// Engine thread only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "daemon/engine/kv_store.h"
#include "kernels/backend.h"

namespace understory::engine {

/// Blocks to copy before a step. The sources stay held until release_sources().
struct BlockCopies {
  std::vector<kernels::Backend::BlockCopy> copies;
  void release_sources(BlockPool& pool);
};

class Sequence {
 public:
  /// Takes the longest cached prefix of `tokens`, at most max_cached of them and leaving at
  /// least one token to compute.
  Sequence(KvStore& kv, std::vector<tokenizer::TokenId> tokens,
           std::uint32_t max_cached = std::numeric_limits<std::uint32_t>::max());
  ~Sequence() { release(); }
  Sequence(Sequence&& other) noexcept;
  Sequence& operator=(Sequence&& other) noexcept;

  /// A second line that begins with the same tokens and shares every block.
  Sequence fork() const { return fork(size()); }
  /// One that begins with the first n_tokens > 0 of them.
  Sequence fork(std::uint32_t n_tokens) const;

  void append(tokenizer::TokenId token) { tokens_.push_back(token); }
  /// Makes the last token one to compute again, for its results. There are two tokens or more,
  /// or one.
  void recompute_last() { n_computed_ = std::min(n_computed_, size() - 1); }
  /// Keeps the first n_tokens > 0. The last of them counts as not computed, so that its logits
  /// can be had again. Blocks beyond are given back; one that is shared is copied before it is
  /// written again.
  void cut(std::uint32_t n_tokens);

  const std::vector<tokenizer::TokenId>& tokens() const { return tokens_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(tokens_.size()); }
  std::uint32_t n_computed() const { return n_computed_; }
  std::uint32_t n_pending() const { return size() - n_computed_; }
  std::span<const BlockId> blocks() const { return blocks_; }

  /// Makes the next n_rows positions writable, adding copies of shared blocks. False where no
  /// block is to be had; what the sequence holds is then as good as before.
  bool prepare(std::uint32_t n_rows, BlockCopies& copies);
  /// The next n_rows positions have been computed.
  void advance(std::uint32_t n_rows) { n_computed_ += n_rows; }

  /// Shares the computed part with later requests. While more is to be written, only full
  /// blocks are shared, so that the last one need not be copied.
  enum class Share { kFullBlocks, kAll };
  void share(Share part);

 private:
  explicit Sequence(KvStore& kv) : kv_(&kv) {}
  void release();
  void undo_copies(std::size_t n_keep, BlockCopies& copies);

  KvStore* kv_;
  std::vector<tokenizer::TokenId> tokens_;
  std::vector<BlockId> blocks_;
  std::uint32_t n_computed_ = 0;
};

}  // namespace understory::engine
