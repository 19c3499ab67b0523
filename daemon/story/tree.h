// A story in memory: nodes, their links, and questions about them. Deep chains are usual (a
// hundred thousand nodes), so nothing here recurses.
//
// Rows come in through apply() alone; change.h records them. One thread at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/story/node.h"

namespace understory::story {

/// What the story remembers beside its nodes.
struct Header {
  NodeId current = kRoot;
  NodeId hoisted = kNoNode;
  bool operator==(const Header&) const = default;
};

using Path = std::vector<const Node*>;                  // from the root on
using RowEdit = std::pair<NodeId, std::optional<Row>>;  // nullopt: the node goes

class Tree {
 public:
  Tree() = default;
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  /// Null where there is none.
  const Node* find(NodeId id) const;
  /// Throws ErrorException (kNotFound).
  const Node& at(NodeId id) const;
  const Node& root() const { return at(kRoot); }
  const Node& current() const { return at(header_.current); }
  std::size_t size() const { return nodes_.size(); }
  const std::unordered_map<NodeId, Node>& nodes() const { return nodes_; }

  Path path_to(const Node& node) const;
  std::string text_to(const Node& node) const;
  std::uint32_t depth(const Node& node) const;
  bool is_below(const Node& node, const Node& ancestor) const;  // or the same
  /// It or a node above it was pruned.
  bool in_trash(const Node& node) const;

  /// The child to go on with: the one last chosen, or the first. Null at a leaf.
  const Node* next_down(const Node& node) const;
  const Node& leaf_below(const Node& node) const;
  std::vector<const Node*> live_children(const Node& node) const;
  std::size_t n_live_children(const Node& node) const;
  /// The sibling not in the trash after (before) the node; null where there is none.
  const Node* sibling(const Node& node, int direction) const;

  /// A rank that puts a new child of `parent` before `before` (null: last). nullopt where the
  /// neighbours leave no room.
  std::optional<std::int64_t> rank_for(const Node& parent, const Node* before) const;

  const Header& header() const { return header_; }
  const std::map<std::string, std::string>& settings() const { return settings_; }
  /// Null where there is none.
  const Generation* generation(GenerationId id) const;
  const std::map<GenerationId, Generation>& generations() const { return generations_; }

  /// Puts and removes rows as one step: parents and children may come in any order. Throws
  /// ErrorException (kIo), having done nothing, where a parent is missing or a node that goes
  /// would leave children.
  void apply(std::vector<RowEdit> edits);
  void set_header(const Header& header) { header_ = header; }
  void set_setting(const std::string& key, const std::optional<std::string>& value);
  void add_generation(Generation generation);
  void remove_generation(GenerationId id) { generations_.erase(id); }

  /// Throws ErrorException (kIo) naming what is wrong where the rows are no tree.
  void check() const;

 private:
  void check_edits(const std::vector<RowEdit>& edits) const;
  void attach(Node& node);
  void detach(Node& node);

  std::unordered_map<NodeId, Node> nodes_;
  std::map<GenerationId, Generation> generations_;
  std::map<std::string, std::string> settings_;
  Header header_;
};

/// Every node below and with `top`, parents first, children by rank. `enter(node, depth)` says
/// whether to go below it; depth is 0 at the top.
template <class Enter>
void walk(const Node& top, Enter enter) {
  std::vector<std::pair<const Node*, std::uint32_t>> open{{&top, 0}};
  while (!open.empty()) {
    const auto [node, depth] = open.back();
    open.pop_back();
    if (!enter(*node, depth)) continue;
    for (auto child = node->children.rbegin(); child != node->children.rend(); ++child) {
      open.emplace_back(*child, depth + 1);
    }
  }
}

}  // namespace understory::story
