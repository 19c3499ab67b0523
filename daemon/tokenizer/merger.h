// The merging that byte-pair encoding and SentencePiece share: of all neighbouring symbols that
// may become one, the best pair does (the leftmost of equals), until none is left.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace understory::tokenizer {

/// A stretch of the word's text. id means what the merger's user wants it to mean.
struct Symbol {
  std::uint32_t begin = 0;
  std::uint32_t length = 0;  // 0: merged into a symbol to the left
  std::uint32_t id = 0;
};

/// Sequences of n symbols take O(n log n) time. The storage is kept between words.
/// Priority: a type with operator<; the greatest merges first.
template <class Priority>
class Merger {
 public:
  struct Merge {
    Priority priority;
    std::uint32_t id;  // of the symbol that the two become
  };

  void add(Symbol symbol) { symbols_.push_back(symbol); }

  /// find_merge(left, right): optional<Merge> for two neighbours.
  template <class FindMerge>
  void merge_all(const FindMerge& find_merge);

  /// Calls each(symbol) for what is left, in order, and empties the merger.
  template <class Each>
  void drain(const Each& each);

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  struct Link {
    std::uint32_t previous;
    std::uint32_t next;
  };
  struct Candidate {
    Priority priority;
    std::uint32_t left;
    std::uint32_t right;
    std::uint32_t length;  // of both; a candidate is stale once one of them has changed
    std::uint32_t id;
    bool operator<(const Candidate& other) const {
      if (priority < other.priority) return true;
      return !(other.priority < priority) && left > other.left;
    }
  };

  template <class FindMerge>
  void consider(std::uint32_t left, std::uint32_t right, const FindMerge& find_merge);
  template <class FindMerge>
  void apply(const Candidate& best, const FindMerge& find_merge);
  void link_neighbours();

  std::vector<Symbol> symbols_;
  std::vector<Link> links_;
  std::vector<Candidate> heap_;
};

template <class Priority>
template <class FindMerge>
void Merger<Priority>::merge_all(const FindMerge& find_merge) {
  link_neighbours();
  for (std::uint32_t i = 1; i < symbols_.size(); ++i) consider(i - 1, i, find_merge);
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end());
    const Candidate best = heap_.back();
    heap_.pop_back();
    apply(best, find_merge);
  }
}

template <class Priority>
template <class FindMerge>
void Merger<Priority>::consider(std::uint32_t left, std::uint32_t right,
                                const FindMerge& find_merge) {
  if (left == kNone || right == kNone) return;
  const std::optional<Merge> merge = find_merge(symbols_[left], symbols_[right]);
  if (!merge) return;
  const std::uint32_t length = symbols_[left].length + symbols_[right].length;
  heap_.push_back({merge->priority, left, right, length, merge->id});
  std::push_heap(heap_.begin(), heap_.end());
}

template <class Priority>
template <class FindMerge>
void Merger<Priority>::apply(const Candidate& best, const FindMerge& find_merge) {
  Symbol& left = symbols_[best.left];
  Symbol& right = symbols_[best.right];
  if (left.length == 0 || right.length == 0) return;
  if (left.length + right.length != best.length) return;
  left.length = best.length;
  left.id = best.id;
  right.length = 0;
  Link& link = links_[best.left];
  link.next = links_[best.right].next;
  if (link.next != kNone) links_[link.next].previous = best.left;
  consider(link.previous, best.left, find_merge);
  consider(best.left, link.next, find_merge);
}

template <class Priority>
void Merger<Priority>::link_neighbours() {
  const auto n = static_cast<std::uint32_t>(symbols_.size());
  links_.resize(n);
  for (std::uint32_t i = 0; i < n; ++i) links_[i] = {i - 1, i + 1 < n ? i + 1 : kNone};
  static_assert(std::uint32_t{0} - 1 == kNone);
}

template <class Priority>
template <class Each>
void Merger<Priority>::drain(const Each& each) {
  for (const Symbol& symbol : symbols_) {
    if (symbol.length > 0) each(symbol);
  }
  symbols_.clear();
}

}  // namespace understory::tokenizer
