#include "tui/text/text.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/utf8.h"

namespace understory::tui {
namespace {

constexpr std::size_t kMaxLeafBytes = 1024;
constexpr std::size_t kSmallLeafBytes = 256;  // worth merging with a neighbour

}  // namespace

// A leaf has bytes and no children; an inner node has two children and no bytes.
struct Text::Node {
  std::size_t size = 0;
  std::size_t newlines = 0;
  WordCount words;
  int height = 0;  // a leaf's is 0
  NodePtr left;
  NodePtr right;
  std::string bytes;

  bool is_leaf() const { return height == 0; }
};

namespace {

using Node = Text::Node;
using NodePtr = Text::NodePtr;

NodePtr leaf(std::string bytes) {
  if (bytes.empty()) return nullptr;
  auto node = std::make_shared<Node>();
  node->size = bytes.size();
  node->newlines = static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  node->words = count_words(bytes);
  node->bytes = std::move(bytes);
  return node;
}

NodePtr inner(NodePtr left, NodePtr right) {
  auto node = std::make_shared<Node>();
  node->size = left->size + right->size;
  node->newlines = left->newlines + right->newlines;
  node->words = join(left->words, right->words);
  node->height = std::max(left->height, right->height) + 1;
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}

/// An inner node of two trees whose heights differ by at most two.
NodePtr balanced(const NodePtr& left, const NodePtr& right) {
  if (left->height > right->height + 1) {
    if (left->left->height >= left->right->height) {
      return inner(left->left, inner(left->right, right));
    }
    return inner(inner(left->left, left->right->left), inner(left->right->right, right));
  }
  if (right->height > left->height + 1) {
    if (right->right->height >= right->left->height) {
      return inner(inner(left, right->left), right->right);
    }
    return inner(inner(left, right->left->left), inner(right->left->right, right->right));
  }
  return inner(left, right);
}

bool is_small(const NodePtr& node) {
  return node->is_leaf() && node->size < kSmallLeafBytes;
}

NodePtr concat(const NodePtr& left, const NodePtr& right) {
  if (!left) return right;
  if (!right) return left;
  if (left->is_leaf() && right->is_leaf() && left->size + right->size <= kMaxLeafBytes) {
    return leaf(left->bytes + right->bytes);
  }
  if (left->height > right->height + 1 || (!left->is_leaf() && is_small(right))) {
    return balanced(left->left, concat(left->right, right));
  }
  if (right->height > left->height + 1 || (!right->is_leaf() && is_small(left))) {
    return balanced(concat(left, right->left), right->right);
  }
  return inner(left, right);
}

std::pair<NodePtr, NodePtr> split(const NodePtr& node, std::size_t offset) {
  if (!node || offset == 0) return {nullptr, node};
  if (offset >= node->size) return {node, nullptr};
  if (node->is_leaf())
    return {leaf(node->bytes.substr(0, offset)), leaf(node->bytes.substr(offset))};
  if (offset <= node->left->size) {
    auto [a, b] = split(node->left, offset);
    return {a, concat(b, node->right)};
  }
  auto [a, b] = split(node->right, offset - node->left->size);
  return {concat(node->left, a), b};
}

/// A cut near the middle that is not inside a character.
std::size_t middle_of(std::string_view bytes) {
  std::size_t cut = bytes.size() / 2;
  for (int i = 0; i < 3 && is_continuation(bytes[cut]); ++i) --cut;
  return cut;
}

NodePtr build(std::string_view bytes) {
  if (bytes.size() <= kMaxLeafBytes) return leaf(std::string(bytes));
  const std::size_t cut = middle_of(bytes);
  return concat(build(bytes.substr(0, cut)), build(bytes.substr(cut)));
}

NodePtr insert_into(const NodePtr& node, std::size_t offset, std::string_view bytes) {
  if (!node) return build(bytes);
  if (!node->is_leaf()) {
    if (offset <= node->left->size) {
      return concat(insert_into(node->left, offset, bytes), node->right);
    }
    return concat(node->left, insert_into(node->right, offset - node->left->size, bytes));
  }
  std::string all;
  all.reserve(node->size + bytes.size());
  all.append(node->bytes, 0, offset).append(bytes).append(node->bytes, offset);
  return all.size() <= kMaxLeafBytes ? leaf(std::move(all)) : build(all);
}

WordCount words_between(const Node& node, std::size_t begin, std::size_t end) {
  if (begin == 0 && end == node.size) return node.words;
  if (begin >= end) return {};
  if (node.is_leaf()) return count_words(std::string_view(node.bytes).substr(begin, end - begin));
  const std::size_t middle = node.left->size;
  WordCount left;
  WordCount right;
  if (begin < middle) left = words_between(*node.left, begin, std::min(end, middle));
  if (end > middle) {
    right = words_between(*node.right, begin > middle ? begin - middle : 0, end - middle);
  }
  return join(left, right);
}

void visit_chunks(const Node& node, std::size_t begin, std::size_t end,
                  const std::function<void(std::string_view)>& visit) {
  if (begin >= end) return;
  if (node.is_leaf()) return visit(std::string_view(node.bytes).substr(begin, end - begin));
  const std::size_t middle = node.left->size;
  if (begin < middle) visit_chunks(*node.left, begin, std::min(end, middle), visit);
  if (end > middle) {
    visit_chunks(*node.right, begin > middle ? begin - middle : 0, end - middle, visit);
  }
}

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Node& node) {
  require(node.size > 0);
  if (node.is_leaf()) {
    require(node.size == node.bytes.size() && node.size <= kMaxLeafBytes);
    return;
  }
  require(std::abs(node.left->height - node.right->height) <= 1);
  require(node.height == std::max(node.left->height, node.right->height) + 1);
  require(node.size == node.left->size + node.right->size);
  require(node.newlines == node.left->newlines + node.right->newlines);
  check(*node.left);
  check(*node.right);
}

}  // namespace

Text::Text(std::string_view bytes) : root_(build(bytes)) {}

std::size_t Text::size() const {
  return root_ ? root_->size : 0;
}
std::size_t Text::n_lines() const {
  return root_ ? root_->newlines + 1 : 1;
}
std::size_t Text::n_words() const {
  return root_ ? root_->words.words : 0;
}

Text Text::insert(std::size_t offset, std::string_view bytes) const {
  assert(offset <= size());
  return bytes.empty() ? *this : Text(insert_into(root_, offset, bytes));
}

Text Text::erase(std::size_t offset, std::size_t length) const {
  assert(offset + length <= size());
  if (length == 0) return *this;
  const auto [before, rest] = split(root_, offset);
  return Text(concat(before, split(rest, length).second));
}

Text Text::replace(std::size_t offset, std::size_t length, std::string_view bytes) const {
  return erase(offset, length).insert(offset, bytes);
}

char Text::at(std::size_t offset) const {
  std::size_t start = 0;
  const std::string_view chunk = chunk_at(offset, &start);
  return chunk[offset - start];
}

std::string Text::substr(std::size_t offset, std::size_t length) const {
  std::string out;
  out.reserve(length);
  each_chunk(offset, length, [&](std::string_view chunk) { out += chunk; });
  return out;
}

std::size_t Text::line_of(std::size_t offset) const {
  std::size_t line = 0;
  const Node* node = root_.get();
  while (node != nullptr && !node->is_leaf()) {
    if (offset < node->left->size) {
      node = node->left.get();
    } else {
      line += node->left->newlines;
      offset -= node->left->size;
      node = node->right.get();
    }
  }
  if (node == nullptr) return 0;
  const auto end = node->bytes.begin() + static_cast<std::ptrdiff_t>(std::min(offset, node->size));
  return line + static_cast<std::size_t>(std::count(node->bytes.begin(), end, '\n'));
}

std::size_t Text::line_start(std::size_t line) const {
  if (line == 0) return 0;
  if (line >= n_lines()) return size();
  std::size_t start = 0;
  const Node* node = root_.get();
  while (!node->is_leaf()) {
    if (line <= node->left->newlines) {
      node = node->left.get();
    } else {
      line -= node->left->newlines;
      start += node->left->size;
      node = node->right.get();
    }
  }
  std::size_t at = 0;
  for (; line > 0; --line) at = node->bytes.find('\n', at) + 1;
  return start + at;
}

std::size_t Text::line_end(std::size_t line) const {
  if (line + 1 >= n_lines()) return size();
  const std::size_t feed = line_start(line + 1) - 1;
  return feed > line_start(line) && at(feed - 1) == '\r' ? feed - 1 : feed;
}

std::string Text::line(std::size_t line) const {
  const std::size_t start = line_start(line);
  return substr(start, line_end(line) - start);
}

std::size_t Text::n_words_in(std::size_t offset, std::size_t length) const {
  if (!root_ || length == 0) return 0;
  return words_between(*root_, offset, offset + length).words;
}

std::string_view Text::chunk_at(std::size_t offset, std::size_t* chunk_start) const {
  assert(offset < size());
  std::size_t start = 0;
  const Node* node = root_.get();
  while (!node->is_leaf()) {
    if (offset - start < node->left->size) {
      node = node->left.get();
    } else {
      start += node->left->size;
      node = node->right.get();
    }
  }
  *chunk_start = start;
  return node->bytes;
}

void Text::each_chunk(std::size_t offset, std::size_t length,
                      const std::function<void(std::string_view)>& visit) const {
  assert(offset + length <= size());
  if (root_ && length > 0) visit_chunks(*root_, offset, offset + length, visit);
}

bool Text::operator==(const Text& other) const {
  if (root_ == other.root_) return true;
  if (size() != other.size()) return false;
  for (std::size_t at = 0; at < size();) {
    std::size_t a_start = 0;
    std::size_t b_start = 0;
    std::string_view a = chunk_at(at, &a_start);
    std::string_view b = other.chunk_at(at, &b_start);
    a.remove_prefix(at - a_start);
    b.remove_prefix(at - b_start);
    const std::size_t n = std::min(a.size(), b.size());
    if (a.data() != b.data() && a.substr(0, n) != b.substr(0, n)) return false;
    at += n;
  }
  return true;
}

int Text::check_invariants() const {
  if (!root_) return 0;
  check(*root_);
  return root_->height;
}

}  // namespace understory::tui
