#include "daemon/story/views.h"

#include <algorithm>

#include "base/utf8.h"

namespace understory::story {
namespace {

// Counts what is skipped and stops one after the limit.
class Pager {
 public:
  explicit Pager(Range range) : range_(range) {}
  bool full() const { return page_.more; }
  void add(const Listed& item) {
    if (seen_++ < range_.skip) return;
    if (page_.nodes.size() < range_.limit) {
      page_.nodes.push_back(item);
    } else {
      page_.more = true;
    }
  }
  Page take() { return std::move(page_); }

 private:
  Range range_;
  std::size_t seen_ = 0;
  Page page_;
};

}  // namespace

Page list_nodes(const Tree& tree, const Node& top, std::uint32_t depth, bool trash, Range range) {
  Pager pager(range);
  const std::uint32_t base = tree.depth(top);
  walk(top, [&](const Node& node, std::uint32_t below) {
    if (pager.full() || (!trash && node.trashed_ms != 0)) return false;
    pager.add({&node, base + below});
    return below < depth;
  });
  return pager.take();
}

std::vector<Listed> list_path(const Tree& tree, const Node& node, std::size_t last) {
  std::vector<Listed> out;
  std::uint32_t depth = 0;
  std::uint64_t offset = 0;
  for (const Node* n : tree.path_to(node)) {
    out.push_back({n, depth++, offset});
    offset += n->text.size();
  }
  if (out.size() > last) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(last));
  return out;
}

Page list_leaves(const Tree& tree, const Node& top, Range range) {
  Pager pager(range);
  struct Open {
    const Node* node;
    std::uint32_t depth;
    std::uint64_t end;
  };
  std::uint64_t before = 0;
  for (const Node* n = top.up; n != nullptr; n = n->up) before += n->text.size();
  std::vector<Open> open{{&top, tree.depth(top), before + top.text.size()}};
  while (!open.empty() && !pager.full()) {
    const Open here = open.back();
    open.pop_back();
    const std::size_t already = open.size();
    for (auto child = here.node->children.rbegin(); child != here.node->children.rend(); ++child) {
      if ((*child)->trashed_ms != 0) continue;
      open.push_back({*child, here.depth + 1, here.end + (*child)->text.size()});
    }
    if (open.size() == already) pager.add({here.node, here.depth, here.end});
  }
  return pager.take();
}

Page list_trash(const Tree& tree, Range range) {
  std::vector<Listed> pruned;
  walk(tree.root(), [&](const Node& node, std::uint32_t depth) {
    if (node.trashed_ms != 0) pruned.push_back({&node, depth});
    return true;
  });
  std::stable_sort(pruned.begin(), pruned.end(), [](const Listed& a, const Listed& b) {
    return a.node->trashed_ms > b.node->trashed_ms;
  });
  Pager pager(range);
  for (const Listed& item : pruned) pager.add(item);
  return pager.take();
}

std::vector<TextSpan> path_spans(const Tree& tree, const Node& node) {
  std::vector<TextSpan> out;
  for (const Node* n : tree.path_to(node)) {
    for (const Span& span : n->spans) out.push_back({span.bytes, span.origin, n->id});
  }
  return out;
}

std::string_view head_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && most - end < 4 && is_continuation(text[end])) --end;
  return text.substr(0, is_continuation(text[end]) ? most : end);
}

std::string_view tail_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t begin = text.size() - most;
  const std::size_t last = std::min(begin + 4, text.size());
  while (begin < last && begin < text.size() && is_continuation(text[begin])) ++begin;
  return text.substr(begin);
}

Comparison compare(const Tree& tree, const std::vector<const Node*>& nodes) {
  std::vector<Path> paths;
  for (const Node* node : nodes) paths.push_back(tree.path_to(*node));
  std::size_t shared = paths.front().size();
  for (const Path& path : paths) {
    const auto end =
        std::mismatch(paths.front().begin(), paths.front().end(), path.begin(), path.end());
    shared = std::min(shared, static_cast<std::size_t>(end.first - paths.front().begin()));
  }
  Comparison out{paths.front()[shared - 1], 0, {}};
  for (std::size_t i = 0; i < shared; ++i) out.shared_bytes += paths.front()[i]->text.size();
  for (const Path& path : paths) {
    std::string text;
    for (std::size_t i = shared; i < path.size(); ++i) text += path[i]->text;
    out.texts.push_back(std::move(text));
  }
  return out;
}

}  // namespace understory::story
