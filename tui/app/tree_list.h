// The story tree as lines: which nodes are shown, in which order, and the branches drawn before
// each. A chain of only children stays in its column; a fork moves its children in by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "protocol/story_messages.h"

namespace understory::tui {

class TreeList {
 public:
  using Filter = std::function<bool(const protocol::StoryNode&)>;

  /// Parents before children, children in order. A root that only begins one text is not shown.
  void set(std::vector<protocol::StoryNode> nodes);
  /// Only these nodes, without branches; null: all.
  void show_only(Filter filter);

  std::size_t size() const { return shown_.size(); }  // rows
  std::size_t n_nodes() const { return nodes_.size(); }
  const protocol::StoryNode& at(std::size_t row) const { return nodes_[shown_[row]]; }
  /// size() where it is not shown.
  std::size_t row_of(std::uint64_t id) const;
  const protocol::StoryNode* find(std::uint64_t id) const;

  /// Rows of relatives; the row itself where there is none.
  std::size_t parent_row(std::size_t row) const;
  std::size_t child_row(std::size_t row) const;
  std::size_t sibling_row(std::size_t row, int by) const;

  /// What is drawn before a node: "│ ├─". At most so many columns; the outermost branches are left
  /// out first, and "…" says so.
  std::string branches(std::size_t row, int columns) const;

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  bool is_fork(std::size_t node) const;  // has brothers

  std::vector<protocol::StoryNode> nodes_;
  std::vector<std::size_t> parents_;  // indices; kNone: not there
  std::vector<std::size_t> fork_of_;  // the node itself or the nearest above that has brothers
  std::vector<std::size_t> last_;     // of a node: its last child
  std::vector<std::size_t> n_children_;
  std::unordered_map<std::uint64_t, std::size_t> index_of_;
  std::vector<std::size_t> shown_;  // indices of nodes_
  std::vector<std::size_t> rows_;   // of nodes_; kNone: not shown
  Filter filter_;
};

}  // namespace understory::tui
