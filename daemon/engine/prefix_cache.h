// Which token prefixes the KV cache already holds: a radix tree whose edges are cache blocks
// (after SGLang's RadixAttention, https://arxiv.org/abs/2312.07104). A node is one block and
// the tokens it holds; its path from the root spells the prefix. Full nodes have children;
// a node with fewer than kBlockSize tokens is a leaf. A lookup follows whole blocks and then
// shares the first positions of the child that agrees longest, so reuse is exact to the token
// (the user of a shared block copies it before writing).
//
// Neighbours: KvStore evicts here when the pool is empty; Sequence looks up and inserts.
// Engine thread only.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include "daemon/engine/block_pool.h"
#include "daemon/model/model.h"
#include "daemon/tokenizer/tokenizer.h"

namespace understory::engine {

struct PrefixMatch {
  std::vector<BlockId> blocks;  // in order; retained for the caller
  std::uint32_t n_tokens = 0;   // the last block may match in its first positions only
};

class PrefixCache {
 public:
  explicit PrefixCache(BlockPool& pool) : pool_(pool) {}
  ~PrefixCache() { clear(); }
  PrefixCache(const PrefixCache&) = delete;
  PrefixCache& operator=(const PrefixCache&) = delete;

  /// The longest cached prefix of `tokens`.
  PrefixMatch match(std::span<const tokenizer::TokenId> tokens);

  /// Remembers that `blocks` hold `tokens`; blocks.size() covers tokens.size(). Where the tree
  /// already has a full block, the caller's own is exchanged for it, so that one copy stays.
  void insert(std::span<const tokenizer::TokenId> tokens, std::span<BlockId> blocks);

  /// Frees the least recently used block that nobody else holds; false where there is none.
  bool evict_one();

  void clear();

  std::uint32_t n_blocks() const { return static_cast<std::uint32_t>(nodes_.size()); }
  std::uint64_t n_evicted() const { return n_evicted_; }

 private:
  struct Node {
    std::array<tokenizer::TokenId, model::kBlockSize> tokens{};
    std::uint32_t n_tokens = 0;
    BlockId block = 0;
    Node* parent = nullptr;
    std::vector<Node*> children;
    std::list<Node>::iterator place;
  };
  struct Best {
    Node* node = nullptr;
    std::uint32_t n_common = 0;
  };

  Best longest_child(const std::vector<Node*>& children,
                     std::span<const tokenizer::TokenId> tokens) const;
  Node* find_or_add(Node* parent, std::span<const tokenizer::TokenId> tokens, BlockId& block);
  void touch_path(Node* node);
  void remove(Node* node);
  std::vector<Node*>& children_of(Node* node) { return node ? node->children : roots_; }

  BlockPool& pool_;
  std::list<Node> nodes_;  // most recently used first; a parent always before its children
  std::vector<Node*> roots_;
  std::uint64_t n_evicted_ = 0;
};

}  // namespace understory::engine
