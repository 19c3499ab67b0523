#include "daemon/requests/story_methods.h"

#include <array>

#include "daemon/requests/registry.h"

namespace understory::requests {
namespace {

// Needs no model, but takes its turn.
constexpr Method waits(std::string_view name, Handler handler) {
  Method method{name, handler, false};
  method.waits = true;
  return method;
}

constexpr std::array kStoryMethods{
    waits("story.open", story_open),
    waits("story.close", story_close),
    waits("story.text", story_text),
    waits("story.path", story_path),
    waits("story.node", story_node),
    waits("story.nodes", story_nodes),
    waits("story.paths", story_paths),
    waits("story.trash", story_trash),
    waits("story.search", story_search),
    waits("story.diff", story_diff),
    waits("story.compare", story_compare),
    waits("story.get", story_get),
    waits("story.history", story_history),
    waits("story.export", story_export),
    waits("story.sync", story_sync),
    waits("story.edit", story_edit),
    waits("story.branch", story_branch),
    waits("story.add", story_add),
    waits("story.choose", story_choose),
    waits("story.split", story_split),
    waits("story.merge", story_merge),
    waits("story.move", story_move),
    waits("story.prune", story_prune),
    waits("story.restore", story_restore),
    waits("story.empty_trash", story_empty_trash),
    waits("story.mark", story_mark),
    waits("story.hoist", story_hoist),
    waits("story.set", story_set),
    waits("story.undo", story_undo),
    waits("story.redo", story_redo),
    waits("story.import", story_import),
    Method{"story.generate", story_generate},
};

}  // namespace

std::span<const Method> story_methods() {
  return kStoryMethods;
}

}  // namespace understory::requests
