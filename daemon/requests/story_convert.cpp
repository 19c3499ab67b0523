#include "daemon/requests/story_convert.h"

#include <algorithm>

#include "base/error.h"

namespace understory::requests {
namespace {

constexpr std::size_t kPreviewBytes = 120;

}  // namespace

protocol::StoryChange to_protocol(const story::Done& done) {
  protocol::StoryChange out;
  out.applied = done.applied;
  out.kind = done.kind;
  out.revision = done.revision;
  out.current = done.current;
  out.nodes = done.nodes;
  if (done.splice) {
    out.splice =
        protocol::StorySplice{done.splice->offset, done.splice->removed, done.splice->text};
  }
  if (done.hoisted != story::kNoNode) out.hoisted = done.hoisted;
  return out;
}

protocol::StoryGeneration to_protocol(const story::Generation& g) {
  return {g.id,          g.model,        g.params,        g.seed,
          g.prompt_hash, g.mean_logprob, g.finish_reason, static_cast<std::uint64_t>(g.created_ms)};
}

story::Generation from_protocol(const protocol::StoryGeneration& g) {
  return {story::kNoGeneration,
          g.model,
          g.params,
          g.seed,
          g.prompt_hash,
          g.mean_logprob,
          g.finish_reason,
          static_cast<std::int64_t>(g.created_ms)};
}

NodeDescriber::NodeDescriber(const story::Tree& tree) : tree_(tree) {
  const story::Path path = tree.path_to(tree.current());
  on_path_.insert(path.begin(), path.end());
}

protocol::StoryNode NodeDescriber::describe(const story::Listed& listed) const {
  const story::Node& node = *listed.node;
  protocol::StoryNode out;
  out.id = node.id;
  if (node.parent != story::kNoNode) out.parent = node.parent;
  out.depth = listed.depth;
  out.bytes = node.text.size();
  out.preview = story::head_of(node.text, kPreviewBytes);
  out.children = static_cast<std::uint32_t>(tree_.n_live_children(node));
  out.origin = story::to_string(story::origin_of(node));
  out.on_path = on_path_.contains(&node);
  out.current = &node == &tree_.current();
  out.bookmarked = node.bookmarked;
  out.created_ms = static_cast<std::uint64_t>(node.created_ms);
  out.modified_ms = static_cast<std::uint64_t>(node.modified_ms);
  out.name = node.name;
  if (node.trashed_ms != 0) out.trashed_ms = static_cast<std::uint64_t>(node.trashed_ms);
  if (const story::Generation* g = tree_.generation(story::generation_of(node))) {
    out.mean_logprob = g->mean_logprob;
  }
  return out;
}

protocol::StoryNode NodeDescriber::describe_whole(const story::Listed& listed) const {
  protocol::StoryNode out = describe(listed);
  out.text = listed.node->text;
  for (const story::Span& span : listed.node->spans) {
    protocol::StorySpan to{span.bytes, std::string(story::to_string(span.origin)), {}, {}};
    if (span.generation != story::kNoGeneration) to.generation = span.generation;
    out.spans.push_back(std::move(to));
    const story::Generation* g = tree_.generation(span.generation);
    const bool listed_already =
        g != nullptr && std::any_of(out.generations.begin(), out.generations.end(),
                                    [&](const auto& known) { return known.id == g->id; });
    if (g != nullptr && !listed_already) out.generations.push_back(to_protocol(*g));
  }
  return out;
}

story::Origin origin_from(const std::string& name) {
  for (const story::Origin origin :
       {story::Origin::kTyped, story::Origin::kModel, story::Origin::kEdited}) {
    if (story::to_string(origin) == name) return origin;
  }
  throw ErrorException(
      {ErrorCode::kInvalidArgument, "'origin' must be typed, model or edited, not '" + name + "'"});
}

story::Way way_from(const std::string& name) {
  if (name == "node") return story::Way::kNode;
  if (name == "parent") return story::Way::kParent;
  if (name == "child") return story::Way::kChild;
  if (name == "next") return story::Way::kNext;
  if (name == "previous") return story::Way::kPrevious;
  if (name == "root") return story::Way::kRoot;
  if (name == "leaf") return story::Way::kLeaf;
  throw ErrorException(
      {ErrorCode::kInvalidArgument,
       "'to' must be node, parent, child, next, previous, root or leaf, not '" + name + "'"});
}

}  // namespace understory::requests
