// story.* methods that open, close and change stories; story_generate.cpp has the one that needs
// a model.
#include "daemon/requests/story_call.h"
#include "daemon/requests/story_convert.h"
#include "daemon/requests/story_methods.h"
#include "daemon/story/exchange.h"

namespace understory::requests {
namespace {

using namespace protocol;

// Runs `work(story, params)`, which gives a story::Done, tells the story's other clients, and
// answers with it.
template <class Params, class Work>
void change_story(const std::shared_ptr<Call>& call, Work work) {
  in_library<Params>(call, [work](const StoryContext& context, Params& params) {
    story::Story& story = context.library.get(context.client, params.story);
    const story::Done done = work(story, params);
    context.library.announce(context.client, params.story, done);
    return to_protocol(done);
  });
}

// Tells a client what another one did.
story::Library::OnChange listener_of(const std::shared_ptr<Connection>& connection) {
  return [weak = std::weak_ptr(connection), port = connection->port()](story::StoryId id,
                                                                       const story::Done& done) {
    auto notice = std::make_shared<StoryChangedNotice>();
    static_cast<StoryChange&>(*notice) = to_protocol(done);
    notice->story = id;
    const std::shared_ptr<Port> to = port.lock();
    if (!to) return;
    to->post([weak, notice] {
      if (const auto c = weak.lock()) c->notify(*notice);
    });
  };
}

// What the document says: the client's text, else the file's; nullopt where there is neither.
std::optional<std::string> document_text(const StoryOpenParams& params,
                                         const story::Sidecar& sidecar) {
  if (params.text) return params.text;
  Result<std::string> text = story::read_whole_file(sidecar.document);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::nullopt;
  return std::move(text).value_or_throw();
}

std::vector<story::Taken> taken_from(const std::vector<StoryTaken>& from) {
  std::vector<story::Taken> taken;
  for (const StoryTaken& t : from) {
    taken.push_back({t.offset, t.length, from_protocol(t.generation)});
  }
  return taken;
}

StoryOpenResult open(const StoryContext& context, const StoryOpenParams& params,
                     story::Library::OnChange on_change) {
  const bool had_it = context.library.has_open(context.client, params.document);
  const story::Opened opened =
      context.library.open(context.client, params.document, params.create, std::move(on_change));
  story::Story& story = *opened.story;
  StoryOpenResult out;
  try {
    if (const std::optional<std::string> text = document_text(params, opened.sidecar)) {
      const story::Done done = story.merge_document(*text, taken_from(params.taken));
      out.merged = done.splice.has_value();
      context.library.announce(context.client, opened.id, done);
    }
  } catch (...) {
    if (!had_it) context.library.close(context.client, opened.id);
    throw;
  }
  out.story = opened.id;
  out.sidecar = opened.sidecar.file.string();
  out.beside_document = opened.sidecar.beside_document;
  out.created = opened.created;
  out.revision = story.revision();
  out.root = story::kRoot;
  out.current = story.tree().header().current;
  if (const story::NodeId hoisted = story.tree().header().hoisted) out.hoisted = hoisted;
  out.nodes = story.tree().size();
  out.bytes = story.manuscript().size();
  out.undo = story.undo_kind();
  out.redo = story.redo_kind();
  return out;
}

std::optional<story::Generation> generation_from(const std::optional<StoryGeneration>& from) {
  return from ? std::optional(from_protocol(*from)) : std::nullopt;
}

story::Done import(story::Story& story, const StoryImportParams& params) {
  if (params.text.has_value() == params.path.has_value()) {
    throw ErrorException({ErrorCode::kInvalidArgument, "give one of 'text' and 'path'"});
  }
  const std::string text =
      params.text ? *params.text : story::read_whole_file(*params.path).value_or_throw();
  return story::import_story(story, text, params.format, params.parent.value_or(story::kRoot),
                             params.choose);
}

}  // namespace

void story_open(const std::shared_ptr<Call>& call) {
  in_library<StoryOpenParams>(
      call, [on_change = listener_of(call->connection())](const StoryContext& context,
                                                          const StoryOpenParams& params) {
        return open(context, params, on_change);
      });
}

void story_close(const std::shared_ptr<Call>& call) {
  in_library<StoryCloseParams>(call,
                               [](const StoryContext& context, const StoryCloseParams& params) {
                                 context.library.close(context.client, params.story);
                                 return StoryCloseResult{};
                               });
}

void story_sync(const std::shared_ptr<Call>& call) {
  change_story<StorySyncParams>(call, [](story::Story& s, const StorySyncParams& p) {
    return s.sync(p.text, p.revision, taken_from(p.taken));
  });
}

void story_edit(const std::shared_ptr<Call>& call) {
  change_story<StoryEditParams>(call, [](story::Story& s, StoryEditParams& p) {
    std::vector<story::NewEdit> edits;
    for (StoryEdit& e : p.edits) {
      edits.push_back({{e.offset, e.length, std::move(e.text), origin_from(e.origin)},
                       generation_from(e.generation)});
    }
    return s.edit(std::move(edits), p.revision);
  });
}

void story_branch(const std::shared_ptr<Call>& call) {
  change_story<StoryBranchParams>(call, [](story::Story& s, StoryBranchParams& p) {
    return s.branch(p.offset, std::move(p.text));
  });
}

void story_add(const std::shared_ptr<Call>& call) {
  change_story<StoryAddParams>(call, [](story::Story& s, StoryAddParams& p) {
    std::vector<story::NewChild> children;
    for (StoryChild& c : p.children) {
      children.push_back({std::move(c.text), std::move(c.name), origin_from(c.origin),
                          generation_from(c.generation)});
    }
    return s.add(p.parent.value_or(s.tree().header().current), std::move(children), p.choose);
  });
}

void story_choose(const std::shared_ptr<Call>& call) {
  change_story<StoryChooseParams>(call, [](story::Story& s, const StoryChooseParams& p) {
    return s.choose(p.node.value_or(s.tree().header().current), way_from(p.to), p.descend);
  });
}

void story_split(const std::shared_ptr<Call>& call) {
  change_story<StorySplitParams>(
      call, [](story::Story& s, const StorySplitParams& p) { return s.split(p.node, p.offset); });
}

void story_merge(const std::shared_ptr<Call>& call) {
  change_story<StoryMergeParams>(
      call, [](story::Story& s, const StoryMergeParams& p) { return s.merge(p.node); });
}

void story_move(const std::shared_ptr<Call>& call) {
  change_story<StoryMoveParams>(call, [](story::Story& s, const StoryMoveParams& p) {
    return s.move(p.node, p.parent, p.before.value_or(story::kNoNode));
  });
}

void story_prune(const std::shared_ptr<Call>& call) {
  change_story<StoryPruneParams>(
      call, [](story::Story& s, const StoryPruneParams& p) { return s.prune(p.node); });
}

void story_restore(const std::shared_ptr<Call>& call) {
  change_story<StoryRestoreParams>(
      call, [](story::Story& s, const StoryRestoreParams& p) { return s.restore(p.node); });
}

void story_empty_trash(const std::shared_ptr<Call>& call) {
  change_story<StoryEmptyTrashParams>(call, [](story::Story& s, const StoryEmptyTrashParams& p) {
    return s.empty_trash(p.forget);
  });
}

void story_mark(const std::shared_ptr<Call>& call) {
  change_story<StoryMarkParams>(call, [](story::Story& s, const StoryMarkParams& p) {
    return s.mark(p.node, p.name, p.bookmarked);
  });
}

void story_hoist(const std::shared_ptr<Call>& call) {
  change_story<StoryHoistParams>(call, [](story::Story& s, const StoryHoistParams& p) {
    return s.hoist(p.node.value_or(story::kNoNode));
  });
}

void story_set(const std::shared_ptr<Call>& call) {
  change_story<StorySetParams>(
      call, [](story::Story& s, StorySetParams& p) { return s.set(p.key, std::move(p.value)); });
}

void story_undo(const std::shared_ptr<Call>& call) {
  change_story<StoryUndoParams>(call,
                                [](story::Story& s, const StoryUndoParams&) { return s.undo(); });
}

void story_redo(const std::shared_ptr<Call>& call) {
  change_story<StoryRedoParams>(call,
                                [](story::Story& s, const StoryRedoParams&) { return s.redo(); });
}

void story_import(const std::shared_ptr<Call>& call) {
  change_story<StoryImportParams>(
      call, [](story::Story& s, const StoryImportParams& p) { return import(s, p); });
}

}  // namespace understory::requests
