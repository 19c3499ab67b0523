#include "daemon/engine/prefix_cache.h"

#include <algorithm>
#include <cassert>

namespace understory::engine {
namespace {

using tokenizer::TokenId;

std::uint32_t common_length(std::span<const TokenId> a, std::span<const TokenId> b) {
  const std::size_t n = std::min(a.size(), b.size());
  std::uint32_t i = 0;
  while (i < n && a[i] == b[i]) ++i;
  return i;
}

}  // namespace

PrefixCache::Best PrefixCache::longest_child(const std::vector<Node*>& children,
                                             std::span<const TokenId> tokens) const {
  Best best;
  for (Node* child : children) {
    const std::uint32_t n = common_length(tokens, {child->tokens.data(), child->n_tokens});
    if (n > best.n_common) best = {child, n};
  }
  return best;
}

PrefixMatch PrefixCache::match(std::span<const TokenId> tokens) {
  PrefixMatch found;
  Node* node = nullptr;
  while (found.n_tokens < tokens.size()) {
    const Best best = longest_child(children_of(node), tokens.subspan(found.n_tokens));
    if (!best.node) break;
    node = best.node;
    pool_.retain(node->block);
    found.blocks.push_back(node->block);
    found.n_tokens += best.n_common;
    if (best.n_common < model::kBlockSize) break;
  }
  touch_path(node);
  return found;
}

void PrefixCache::insert(std::span<const TokenId> tokens, std::span<BlockId> blocks) {
  assert(blocks.size() * model::kBlockSize >= tokens.size());
  Node* node = nullptr;
  for (std::size_t i = 0; i * model::kBlockSize < tokens.size(); ++i) {
    const std::size_t begin = i * model::kBlockSize;
    const std::size_t n = std::min<std::size_t>(model::kBlockSize, tokens.size() - begin);
    node = find_or_add(node, tokens.subspan(begin, n), blocks[i]);
  }
  touch_path(node);
}

PrefixCache::Node* PrefixCache::find_or_add(Node* parent, std::span<const TokenId> tokens,
                                            BlockId& block) {
  const Best best = longest_child(children_of(parent), tokens);
  if (best.node && best.n_common == tokens.size()) {  // already there, perhaps longer
    if (tokens.size() == model::kBlockSize && best.node->block != block) {
      pool_.retain(best.node->block);
      pool_.release(block);
      block = best.node->block;
    }
    return best.node;
  }
  Node* node = nullptr;
  if (best.node && best.n_common == best.node->n_tokens) {  // ours continues a partial leaf
    node = best.node;
    pool_.release(node->block);
  } else {
    nodes_.emplace_front();
    node = &nodes_.front();
    node->place = nodes_.begin();
    node->parent = parent;
    children_of(parent).push_back(node);
  }
  pool_.retain(block);
  node->block = block;
  node->n_tokens = static_cast<std::uint32_t>(tokens.size());
  std::copy(tokens.begin(), tokens.end(), node->tokens.begin());
  return node;
}

void PrefixCache::touch_path(Node* node) {
  // From the leaf up, so that ancestors end before their descendants in the list and the
  // eviction order never meets a parent before its children.
  for (; node; node = node->parent) nodes_.splice(nodes_.begin(), nodes_, node->place);
}

bool PrefixCache::evict_one() {
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    if (!node->children.empty() || pool_.ref_count(node->block) > 1) continue;
    remove(&*node);
    ++n_evicted_;
    return true;
  }
  return false;
}

void PrefixCache::remove(Node* node) {
  std::erase(children_of(node->parent), node);
  pool_.release(node->block);
  nodes_.erase(node->place);
}

void PrefixCache::clear() {
  for (const Node& node : nodes_) pool_.release(node.block);
  nodes_.clear();
  roots_.clear();
}

}  // namespace understory::engine
