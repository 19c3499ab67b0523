// story.* methods that only read.
#include <algorithm>

#include "daemon/requests/story_call.h"
#include "daemon/requests/story_convert.h"
#include "daemon/requests/story_methods.h"
#include "daemon/story/exchange.h"

namespace understory::requests {
namespace {

using namespace protocol;

// Runs `work(story, params)` on a story that the client has open.
template <class Params, class Work>
void read_story(const std::shared_ptr<Call>& call, Work work) {
  in_library<Params>(call, [work](const StoryContext& context, const Params& params) {
    return work(static_cast<const story::Story&>(context.library.get(context.client, params.story)),
                params);
  });
}

const story::Node& node_or_current(const story::Tree& tree,
                                   const std::optional<std::uint64_t>& id) {
  return id ? tree.at(*id) : tree.current();
}

const story::Node& node_or_top(const story::Tree& tree, const std::optional<std::uint64_t>& id) {
  if (id) return tree.at(*id);
  const story::NodeId hoisted = tree.header().hoisted;
  return hoisted == story::kNoNode ? tree.root() : tree.at(hoisted);
}

enum class Offsets { kNo, kYes };

StoryNodes to_nodes(const story::Tree& tree, const story::Page& page, Offsets offsets,
                    bool texts = false) {
  const NodeDescriber describer(tree);
  StoryNodes out;
  out.more = page.more;
  out.nodes.reserve(page.nodes.size());
  for (const story::Listed& listed : page.nodes) {
    out.nodes.push_back(texts ? describer.describe_whole(listed) : describer.describe(listed));
    if (offsets == Offsets::kYes) out.nodes.back().offset = listed.offset;
  }
  return out;
}

StorySearchResult search(const story::Tree& tree, const StorySearchParams& params) {
  constexpr std::size_t kAroundBytes = 60;
  const story::Matches found = story::search(node_or_top(tree, params.node), params.query,
                                             {params.match_case, params.trash, params.limit});
  StorySearchResult out;
  out.more = found.more;
  for (const story::Match& m : found.matches) {
    const std::string_view text = tree.at(m.node).text;
    out.matches.push_back(
        {m.node, m.offset, m.length,
         std::string(story::tail_of(text.substr(0, m.offset), kAroundBytes)),
         std::string(text.substr(m.offset, m.length)),
         std::string(story::head_of(text.substr(m.offset + m.length), kAroundBytes))});
  }
  return out;
}

StoryDiffResult diff(const story::Tree& tree, const StoryDiffParams& params) {
  const story::Comparison both = story::compare(tree, {&tree.at(params.a), &tree.at(params.b)});
  StoryDiffResult out{both.ancestor->id, both.shared_bytes, {}};
  for (const story::Hunk& h : story::diff(both.texts[0], both.texts[1])) {
    out.hunks.push_back({h.a_offset, both.texts[0].substr(h.a_offset, h.a_length), h.b_offset,
                         both.texts[1].substr(h.b_offset, h.b_length)});
  }
  return out;
}

StoryCompareResult compare(const story::Tree& tree, const StoryCompareParams& params) {
  if (params.nodes.size() < 2 || params.nodes.size() > 64) {
    throw ErrorException({ErrorCode::kInvalidArgument, "'nodes' must have 2 to 64 nodes"});
  }
  std::vector<const story::Node*> nodes;
  for (const std::uint64_t id : params.nodes) nodes.push_back(&tree.at(id));
  story::Comparison all = story::compare(tree, nodes);
  return {all.ancestor->id, all.shared_bytes, std::move(all.texts)};
}

}  // namespace

void story_text(const std::shared_ptr<Call>& call) {
  read_story<StoryTextParams>(call, [](const story::Story& s, const StoryTextParams& params) {
    const story::Tree& tree = s.tree();
    StoryTextResult out;
    out.text = params.node ? tree.text_to(tree.at(*params.node)) : s.manuscript();
    out.revision = s.revision();
    out.current = tree.header().current;
    if (!params.spans) return out;
    for (const story::TextSpan& span :
         story::path_spans(tree, node_or_current(tree, params.node))) {
      out.spans.push_back({span.bytes, std::string(story::to_string(span.origin)), {}, span.node});
    }
    return out;
  });
}

void story_path(const std::shared_ptr<Call>& call) {
  read_story<StoryPathParams>(call, [](const story::Story& s, const StoryPathParams& params) {
    const story::Node& node = node_or_current(s.tree(), params.node);
    return to_nodes(s.tree(), {story::list_path(s.tree(), node, params.last), false},
                    Offsets::kYes);
  });
}

void story_node(const std::shared_ptr<Call>& call) {
  read_story<StoryNodeParams>(call, [](const story::Story& s, const StoryNodeParams& params) {
    const story::Node& node = s.tree().at(params.node);
    return StoryNodeResult{NodeDescriber(s.tree()).describe_whole({&node, s.tree().depth(node)})};
  });
}

void story_nodes(const std::shared_ptr<Call>& call) {
  read_story<StoryNodesParams>(call, [](const story::Story& s, const StoryNodesParams& params) {
    return to_nodes(s.tree(),
                    story::list_nodes(s.tree(), node_or_top(s.tree(), params.node), params.depth,
                                      params.trash, {params.skip, params.limit}),
                    Offsets::kNo, params.texts);
  });
}

void story_paths(const std::shared_ptr<Call>& call) {
  read_story<StoryPathsParams>(call, [](const story::Story& s, const StoryPathsParams& params) {
    return to_nodes(s.tree(),
                    story::list_leaves(s.tree(), node_or_top(s.tree(), params.node),
                                       {params.skip, params.limit}),
                    Offsets::kYes);
  });
}

void story_trash(const std::shared_ptr<Call>& call) {
  read_story<StoryTrashParams>(call, [](const story::Story& s, const StoryTrashParams& params) {
    return to_nodes(s.tree(), story::list_trash(s.tree(), {params.skip, params.limit}),
                    Offsets::kNo);
  });
}

void story_search(const std::shared_ptr<Call>& call) {
  read_story<StorySearchParams>(call, [](const story::Story& s, const StorySearchParams& params) {
    return search(s.tree(), params);
  });
}

void story_diff(const std::shared_ptr<Call>& call) {
  read_story<StoryDiffParams>(call, [](const story::Story& s, const StoryDiffParams& params) {
    return diff(s.tree(), params);
  });
}

void story_compare(const std::shared_ptr<Call>& call) {
  read_story<StoryCompareParams>(call, [](const story::Story& s, const StoryCompareParams& params) {
    return compare(s.tree(), params);
  });
}

void story_get(const std::shared_ptr<Call>& call) {
  read_story<StoryGetParams>(call, [](const story::Story& s, const StoryGetParams& params) {
    StoryGetResult out;
    for (const auto& [key, value] : s.tree().settings()) {
      if (!params.key || *params.key == key) out.values.push_back({key, value});
    }
    return out;
  });
}

void story_export(const std::shared_ptr<Call>& call) {
  read_story<StoryExportParams>(call, [](const story::Story& s, const StoryExportParams& params) {
    const story::Node& node = node_or_current(s.tree(), params.node);
    return StoryExportResult{story::export_story(s.tree(), params.format, node)};
  });
}

void story_history(const std::shared_ptr<Call>& call) {
  in_library<StoryHistoryParams>(call, [](const StoryContext& context,
                                          const StoryHistoryParams& params) {
    StoryHistoryResult out;
    for (const story::Step& step :
         context.library.get(context.client, params.story).steps(params.limit)) {
      out.steps.push_back({step.id, step.kind, static_cast<std::uint64_t>(step.at_ms), step.done});
    }
    return out;
  });
}

}  // namespace understory::requests
