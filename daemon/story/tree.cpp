#include "daemon/story/tree.h"

#include <algorithm>
#include <cassert>

#include "base/error.h"
#include "daemon/story/spans.h"

namespace understory::story {
namespace {

constexpr std::int64_t kRankStep = std::int64_t{1} << 24;

bool before(const Node* a, const Node* b) {
  return a->rank != b->rank ? a->rank < b->rank : a->id < b->id;
}

[[noreturn]] void damaged(const std::string& what) {
  throw ErrorException({ErrorCode::kIo, "the story is damaged: " + what});
}

}  // namespace

const Node* Tree::find(NodeId id) const {
  const auto found = nodes_.find(id);
  return found == nodes_.end() ? nullptr : &found->second;
}

const Node& Tree::at(NodeId id) const {
  if (const Node* node = find(id)) return *node;
  throw ErrorException({ErrorCode::kNotFound, "the story has no node " + std::to_string(id)});
}

Path Tree::path_to(const Node& node) const {
  Path path;
  for (const Node* n = &node; n != nullptr; n = n->up) path.push_back(n);
  std::reverse(path.begin(), path.end());
  return path;
}

std::string Tree::text_to(const Node& node) const {
  const Path path = path_to(node);
  std::size_t size = 0;
  for (const Node* n : path) size += n->text.size();
  std::string text;
  text.reserve(size);
  for (const Node* n : path) text += n->text;
  return text;
}

std::uint32_t Tree::depth(const Node& node) const {
  std::uint32_t depth = 0;
  for (const Node* n = node.up; n != nullptr; n = n->up) ++depth;
  return depth;
}

bool Tree::is_below(const Node& node, const Node& ancestor) const {
  for (const Node* n = &node; n != nullptr; n = n->up) {
    if (n == &ancestor) return true;
  }
  return false;
}

bool Tree::in_trash(const Node& node) const {
  for (const Node* n = &node; n != nullptr; n = n->up) {
    if (n->trashed_ms != 0) return true;
  }
  return false;
}

const Node* Tree::next_down(const Node& node) const {
  const Node* first = nullptr;
  for (const Node* child : node.children) {
    if (child->trashed_ms != 0) continue;
    if (child->id == node.chosen) return child;
    if (first == nullptr) first = child;
  }
  return first;
}

const Node& Tree::leaf_below(const Node& node) const {
  const Node* leaf = &node;
  while (const Node* next = next_down(*leaf)) leaf = next;
  return *leaf;
}

std::vector<const Node*> Tree::live_children(const Node& node) const {
  std::vector<const Node*> live;
  for (const Node* child : node.children) {
    if (child->trashed_ms == 0) live.push_back(child);
  }
  return live;
}

std::size_t Tree::n_live_children(const Node& node) const {
  return static_cast<std::size_t>(std::count_if(node.children.begin(), node.children.end(),
                                                [](const Node* n) { return n->trashed_ms == 0; }));
}

const Node* Tree::sibling(const Node& node, int direction) const {
  if (node.up == nullptr) return nullptr;
  const std::vector<Node*>& all = node.up->children;
  auto at = std::lower_bound(all.begin(), all.end(), &node, before) - all.begin();
  for (at += direction; at >= 0 && at < std::ssize(all); at += direction) {
    const Node* other = all[static_cast<std::size_t>(at)];
    if (other->trashed_ms == 0) return other;
  }
  return nullptr;
}

std::optional<std::int64_t> Tree::rank_for(const Node& parent, const Node* sibling) const {
  const std::vector<Node*>& all = parent.children;
  if (sibling == nullptr) return all.empty() ? 0 : all.back()->rank + kRankStep;
  const auto at = std::lower_bound(all.begin(), all.end(), sibling, before);
  const std::int64_t high = sibling->rank;
  if (at == all.begin()) return high - kRankStep;
  const std::int64_t low = (*std::prev(at))->rank;
  if (high - low < 2) return std::nullopt;
  return low + (high - low) / 2;
}

const Generation* Tree::generation(GenerationId id) const {
  const auto found = generations_.find(id);
  return found == generations_.end() ? nullptr : &found->second;
}

void Tree::attach(Node& node) {
  if (node.parent == kNoNode) return;
  const auto parent = nodes_.find(node.parent);
  assert(parent != nodes_.end());
  node.up = &parent->second;
  std::vector<Node*>& all = node.up->children;
  // Nodes mostly come in order.
  if (all.empty() || before(all.back(), &node)) {
    all.push_back(&node);
  } else {
    all.insert(std::lower_bound(all.begin(), all.end(), &node, before), &node);
  }
}

void Tree::detach(Node& node) {
  if (node.up == nullptr) return;
  std::vector<Node*>& all = node.up->children;
  const auto at = std::lower_bound(all.begin(), all.end(), &node, before);
  all.erase(at);
  node.up = nullptr;
}

// So that nothing is half done: steps of undo come from a file that may be damaged.
void Tree::check_edits(const std::vector<RowEdit>& edits) const {
  std::unordered_map<NodeId, const std::optional<Row>*> by_id;
  for (const auto& [id, row] : edits) by_id[id] = &row;
  for (const auto& [id, row] : edits) {
    if (row && row->parent != kNoNode) {
      const auto parent = by_id.find(row->parent);
      const bool there =
          parent == by_id.end() ? nodes_.contains(row->parent) : parent->second->has_value();
      if (!there) damaged("node " + std::to_string(id) + " has no parent");
    }
    const Node* node = row ? nullptr : find(id);
    if (node == nullptr) continue;
    for (const Node* child : node->children) {
      const auto moved = by_id.find(child->id);
      const bool leaves =
          moved != by_id.end() && (!*moved->second || (*moved->second)->parent != id);
      if (!leaves) damaged("node " + std::to_string(id) + " goes but not what hangs on it");
    }
  }
}

void Tree::apply(std::vector<RowEdit> edits) {
  check_edits(edits);
  // Everything that moves lets go first, so that the order of the edits does not matter.
  std::vector<Node*> moved;
  for (auto& [id, row] : edits) {
    const auto found = nodes_.find(id);
    Node* node = found == nodes_.end() ? nullptr : &found->second;
    const bool stays = node != nullptr && row && node->up != nullptr &&
                       node->parent == row->parent && node->rank == row->rank;
    if (node != nullptr && !stays) detach(*node);
  }
  for (auto& [id, row] : edits) {
    if (!row) {
      nodes_.erase(id);
      continue;
    }
    Node& node = nodes_[id];
    static_cast<Row&>(node) = *std::move(row);
    if (node.up == nullptr) moved.push_back(&node);
  }
  for (Node* node : moved) attach(*node);
}

void Tree::set_setting(const std::string& key, const std::optional<std::string>& value) {
  if (value) {
    settings_[key] = *value;
  } else {
    settings_.erase(key);
  }
}

void Tree::add_generation(Generation generation) {
  const GenerationId id = generation.id;
  generations_[id] = std::move(generation);
}

void Tree::check() const {
  const Node* root = find(kRoot);
  if (root == nullptr || root->parent != kNoNode || !root->text.empty() || root->trashed_ms != 0) {
    damaged("it has no root");
  }
  // A cycle cannot be reached from the root, and neither can a second root.
  std::size_t reached = 0;
  walk(*root, [&](const Node&, std::uint32_t) { return ++reached, true; });
  if (reached != nodes_.size()) {
    damaged(std::to_string(nodes_.size() - reached) + " nodes do not hang on its root");
  }
  for (const auto& [id, node] : nodes_) {
    if (size_of(node.spans) != node.text.size()) {
      damaged("the origins of node " + std::to_string(id) + " do not cover its text");
    }
  }
  const Node* current = find(header_.current);
  if (current == nullptr || in_trash(*current)) damaged("its current node is gone");
  if (header_.hoisted != kNoNode && find(header_.hoisted) == nullptr) {
    damaged("its hoisted node is gone");
  }
}

}  // namespace understory::story
