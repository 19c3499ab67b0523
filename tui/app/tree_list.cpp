#include "tui/app/tree_list.h"

#include <algorithm>
#include <utility>

namespace understory::tui {

using protocol::StoryNode;

void TreeList::set(std::vector<StoryNode> nodes) {
  nodes_ = std::move(nodes);
  const std::size_t n = nodes_.size();
  parents_.assign(n, kNone);
  fork_of_.assign(n, kNone);
  last_.assign(n, kNone);
  n_children_.assign(n, 0);
  index_of_.clear();
  for (std::size_t i = 0; i < n; ++i) {
    index_of_[nodes_[i].id] = i;
    if (!nodes_[i].parent) continue;
    const auto parent = index_of_.find(*nodes_[i].parent);
    if (parent == index_of_.end()) continue;
    parents_[i] = parent->second;
    last_[parent->second] = i;
    ++n_children_[parent->second];
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (is_fork(i)) fork_of_[i] = i;
    if (!is_fork(i) && parents_[i] != kNone) fork_of_[i] = fork_of_[parents_[i]];
  }
  show_only(std::move(filter_));
}

void TreeList::show_only(Filter filter) {
  filter_ = std::move(filter);
  shown_.clear();
  rows_.assign(nodes_.size(), kNone);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const bool only_begins = !nodes_[i].parent && n_children_[i] == 1 && !nodes_[i].current;
    if (filter_ ? !filter_(nodes_[i]) : only_begins) continue;
    rows_[i] = shown_.size();
    shown_.push_back(i);
  }
}

bool TreeList::is_fork(std::size_t node) const {
  return parents_[node] != kNone && n_children_[parents_[node]] > 1;
}

std::size_t TreeList::row_of(std::uint64_t id) const {
  const auto at = index_of_.find(id);
  return at == index_of_.end() || rows_[at->second] == kNone ? size() : rows_[at->second];
}

const StoryNode* TreeList::find(std::uint64_t id) const {
  const auto at = index_of_.find(id);
  return at == index_of_.end() ? nullptr : &nodes_[at->second];
}

std::size_t TreeList::parent_row(std::size_t row) const {
  for (std::size_t at = parents_[shown_[row]]; at != kNone; at = parents_[at]) {
    if (rows_[at] != kNone) return rows_[at];
  }
  return row;
}

std::size_t TreeList::child_row(std::size_t row) const {
  for (std::size_t below = row + 1; below < size(); ++below) {
    if (parents_[shown_[below]] == shown_[row]) return below;
  }
  return row;
}

std::size_t TreeList::sibling_row(std::size_t row, int by) const {
  const std::size_t parent = parents_[shown_[row]];
  for (std::size_t at = row; parent != kNone;) {
    if (by > 0 ? at + 1 >= size() : at == 0) break;
    by > 0 ? ++at : --at;
    if (shown_[at] == parent) break;
    if (parents_[shown_[at]] == parent) return at;
  }
  return row;
}

std::string TreeList::branches(std::size_t row, int columns) const {
  if (filter_) return {};
  const std::size_t node = shown_[row];
  std::vector<std::string> levels;  // from the innermost out
  bool is_cut = false;
  for (std::size_t fork = fork_of_[node]; fork != kNone;) {
    if (static_cast<int>(levels.size() + 1) * 2 > columns) {
      is_cut = true;
      break;
    }
    const std::size_t parent = parents_[fork];
    const bool is_last = last_[parent] == fork;
    levels.push_back(fork == node ? (is_last ? "└─" : "├─") : (is_last ? "  " : "│ "));
    fork = fork_of_[parent];
  }
  if (is_cut && !levels.empty()) levels.back() = "… ";
  std::string out;
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) out += *level;
  return out;
}

}  // namespace understory::tui
