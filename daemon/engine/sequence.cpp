#include "daemon/engine/sequence.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace understory::engine {

using model::kBlockSize;

void BlockCopies::release_sources(BlockPool& pool) {
  for (const auto& copy : copies) pool.release(copy.from);
  copies.clear();
}

Sequence::Sequence(KvStore& kv, std::vector<tokenizer::TokenId> tokens, std::uint32_t max_cached)
    : kv_(&kv), tokens_(std::move(tokens)) {
  assert(!tokens_.empty());
  const std::size_t n = std::min<std::size_t>(max_cached, tokens_.size() - 1);
  PrefixMatch match = kv.cache().match(std::span(tokens_).first(n));
  blocks_ = std::move(match.blocks);
  n_computed_ = match.n_tokens;
}

Sequence::Sequence(Sequence&& other) noexcept
    : kv_(other.kv_),
      tokens_(std::move(other.tokens_)),
      blocks_(std::exchange(other.blocks_, {})),
      n_computed_(std::exchange(other.n_computed_, 0)) {}

Sequence& Sequence::operator=(Sequence&& other) noexcept {
  if (this == &other) return *this;
  release();
  kv_ = other.kv_;
  tokens_ = std::move(other.tokens_);
  blocks_ = std::exchange(other.blocks_, {});
  n_computed_ = std::exchange(other.n_computed_, 0);
  return *this;
}

Sequence Sequence::fork(std::uint32_t n_tokens) const {
  assert(n_tokens > 0 && n_tokens <= size());
  Sequence copy(*kv_);
  copy.tokens_.assign(tokens_.begin(), tokens_.begin() + n_tokens);
  copy.n_computed_ = std::min(n_computed_, n_tokens);
  const std::size_t n_blocks = (copy.n_computed_ + kBlockSize - 1) / kBlockSize;
  copy.blocks_.assign(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(n_blocks));
  for (const BlockId block : copy.blocks_) kv_->pool().retain(block);
  return copy;
}

void Sequence::cut(std::uint32_t n_tokens) {
  assert(n_tokens > 0 && n_tokens <= size());
  tokens_.resize(n_tokens);
  n_computed_ = std::min(n_computed_, n_tokens - 1);
  const std::uint32_t n_blocks = (n_computed_ + kBlockSize - 1) / kBlockSize;
  while (blocks_.size() > n_blocks) {
    kv_->pool().release(blocks_.back());
    blocks_.pop_back();
  }
}

bool Sequence::prepare(std::uint32_t n_rows, BlockCopies& copies) {
  assert(n_rows <= n_pending());
  if (n_rows == 0) return true;
  BlockPool& pool = kv_->pool();
  const std::size_t n_copies_before = copies.copies.size();
  for (std::uint32_t i = n_computed_ / kBlockSize; i <= (n_computed_ + n_rows - 1) / kBlockSize;
       ++i) {
    const bool exists = i < blocks_.size();
    if (exists && pool.ref_count(blocks_[i]) == 1) continue;
    const auto fresh = kv_->allocate();
    if (!fresh) {
      undo_copies(n_copies_before, copies);
      return false;
    }
    if (!exists) {
      blocks_.push_back(*fresh);
    } else {
      copies.copies.push_back({blocks_[i], *fresh});  // our reference goes to the copy
      blocks_[i] = *fresh;
    }
  }
  return true;
}

void Sequence::undo_copies(std::size_t n_keep, BlockCopies& copies) {
  while (copies.copies.size() > n_keep) {
    const auto copy = copies.copies.back();
    copies.copies.pop_back();
    *std::find(blocks_.begin(), blocks_.end(), copy.to) = copy.from;
    kv_->pool().release(copy.to);
  }
}

void Sequence::share(Share part) {
  const std::uint32_t n = part == Share::kAll ? n_computed_ : n_computed_ / kBlockSize * kBlockSize;
  if (n > 0) kv_->cache().insert(std::span(tokens_).first(n), blocks_);
}

void Sequence::release() {
  for (const BlockId block : blocks_) kv_->pool().release(block);
  blocks_.clear();
}

}  // namespace understory::engine
