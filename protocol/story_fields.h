// The keys of the messages of story_messages.h; see fields.h.
#pragma once

#include "protocol/fields.h"
#include "protocol/story_messages.h"

namespace understory::protocol {

#define UNDERSTORY_FIELDS(Type)                         \
  template <class Visitor, class M>                     \
  requires std::is_same_v<std::remove_const_t<M>, Type> \
  void visit_fields(Visitor& visit, M& m)

UNDERSTORY_FIELDS(StorySplice) {
  visit("offset", m.offset);
  visit("length", m.length);
  visit("text", m.text);
}

template <class Visitor, class M>
void visit_change(Visitor& visit, M& m) {
  visit("applied", m.applied);
  visit("kind", m.kind);
  visit("revision", m.revision);
  visit("current", m.current);
  visit("nodes", m.nodes);
  visit("splice", m.splice);
  visit("hoisted", m.hoisted);
}
UNDERSTORY_FIELDS(StoryChange) {
  visit_change(visit, m);
}

UNDERSTORY_FIELDS(StoryGeneration) {
  visit("id", m.id);
  visit("model", m.model);
  visit("params", m.params);
  visit("seed", m.seed);
  visit("prompt_hash", m.prompt_hash);
  visit("mean_logprob", m.mean_logprob);
  visit("finish_reason", m.finish_reason);
  visit("created_ms", m.created_ms);
}

UNDERSTORY_FIELDS(StoryTaken) {
  visit.required("offset", m.offset);
  visit.required("length", m.length);
  visit.required("generation", m.generation);
}

UNDERSTORY_FIELDS(StorySpan) {
  visit("bytes", m.bytes);
  visit("origin", m.origin);
  visit("generation", m.generation);
  visit("node", m.node);
}

UNDERSTORY_FIELDS(StoryNode) {
  visit("id", m.id);
  visit("parent", m.parent);
  visit("depth", m.depth);
  visit("bytes", m.bytes);
  visit("preview", m.preview);
  visit("children", m.children);
  visit("origin", m.origin);
  visit("on_path", m.on_path);
  visit("current", m.current);
  visit("bookmarked", m.bookmarked);
  visit("created_ms", m.created_ms);
  visit("modified_ms", m.modified_ms);
  visit.unless_empty("name", m.name);
  visit("trashed_ms", m.trashed_ms);
  visit("mean_logprob", m.mean_logprob);
  visit("offset", m.offset);
  visit("text", m.text);
  visit.unless_empty("spans", m.spans);
  visit.unless_empty("generations", m.generations);
}

UNDERSTORY_FIELDS(StoryNodes) {
  visit("nodes", m.nodes);
  visit("more", m.more);
}

UNDERSTORY_FIELDS(StoryOpenResult) {
  visit("story", m.story);
  visit("sidecar", m.sidecar);
  visit("beside_document", m.beside_document);
  visit("created", m.created);
  visit("merged", m.merged);
  visit("revision", m.revision);
  visit("root", m.root);
  visit("current", m.current);
  visit("hoisted", m.hoisted);
  visit("nodes", m.nodes);
  visit("bytes", m.bytes);
  visit.unless_empty("undo", m.undo);
  visit.unless_empty("redo", m.redo);
}
UNDERSTORY_FIELDS(StoryOpenParams) {
  visit.required("document", m.document);
  visit("text", m.text);
  visit("create", m.create);
  visit.unless_empty("taken", m.taken);
}

template <class Visitor>
void visit_fields(Visitor&, const StoryCloseResult&) {}
UNDERSTORY_FIELDS(StoryCloseParams) {
  visit.required("story", m.story);
}

UNDERSTORY_FIELDS(StoryTextResult) {
  visit("text", m.text);
  visit("revision", m.revision);
  visit("current", m.current);
  visit.unless_empty("spans", m.spans);
}
UNDERSTORY_FIELDS(StoryTextParams) {
  visit.required("story", m.story);
  visit("node", m.node);
  visit("spans", m.spans);
}

UNDERSTORY_FIELDS(StoryPathParams) {
  visit.required("story", m.story);
  visit("node", m.node);
  visit("last", m.last);
}

UNDERSTORY_FIELDS(StoryNodeResult) {
  visit("node", m.node);
}
UNDERSTORY_FIELDS(StoryNodeParams) {
  visit.required("story", m.story);
  visit.required("node", m.node);
}

UNDERSTORY_FIELDS(StoryNodesParams) {
  visit.required("story", m.story);
  visit("node", m.node);
  visit("depth", m.depth);
  visit("limit", m.limit);
  visit("skip", m.skip);
  visit("trash", m.trash);
  visit("texts", m.texts);
}

UNDERSTORY_FIELDS(StoryPathsParams) {
  visit.required("story", m.story);
  visit("node", m.node);
  visit("limit", m.limit);
  visit("skip", m.skip);
}

UNDERSTORY_FIELDS(StoryTrashParams) {
  visit.required("story", m.story);
  visit("limit", m.limit);
  visit("skip", m.skip);
}

UNDERSTORY_FIELDS(StoryMatch) {
  visit("node", m.node);
  visit("offset", m.offset);
  visit("length", m.length);
  visit("before", m.before);
  visit("match", m.match);
  visit("after", m.after);
}
UNDERSTORY_FIELDS(StorySearchResult) {
  visit("matches", m.matches);
  visit("more", m.more);
}
UNDERSTORY_FIELDS(StorySearchParams) {
  visit.required("story", m.story);
  visit.required("query", m.query);
  visit("node", m.node);
  visit("match_case", m.match_case);
  visit("trash", m.trash);
  visit("limit", m.limit);
}

UNDERSTORY_FIELDS(StoryHunk) {
  visit("a_offset", m.a_offset);
  visit("a_text", m.a_text);
  visit("b_offset", m.b_offset);
  visit("b_text", m.b_text);
}
UNDERSTORY_FIELDS(StoryDiffResult) {
  visit("ancestor", m.ancestor);
  visit("shared_bytes", m.shared_bytes);
  visit("hunks", m.hunks);
}
UNDERSTORY_FIELDS(StoryDiffParams) {
  visit.required("story", m.story);
  visit.required("a", m.a);
  visit.required("b", m.b);
}

UNDERSTORY_FIELDS(StoryCompareResult) {
  visit("ancestor", m.ancestor);
  visit("shared_bytes", m.shared_bytes);
  visit("texts", m.texts);
}
UNDERSTORY_FIELDS(StoryCompareParams) {
  visit.required("story", m.story);
  visit.required("nodes", m.nodes);
}

UNDERSTORY_FIELDS(StoryStep) {
  visit("id", m.id);
  visit("kind", m.kind);
  visit("at_ms", m.at_ms);
  visit("done", m.done);
}
UNDERSTORY_FIELDS(StoryHistoryResult) {
  visit("steps", m.steps);
}
UNDERSTORY_FIELDS(StoryHistoryParams) {
  visit.required("story", m.story);
  visit("limit", m.limit);
}

UNDERSTORY_FIELDS(StorySyncParams) {
  visit.required("story", m.story);
  visit.required("text", m.text);
  visit("revision", m.revision);
  visit.unless_empty("taken", m.taken);
}

UNDERSTORY_FIELDS(StoryEdit) {
  visit.required("offset", m.offset);
  visit("length", m.length);
  visit("text", m.text);
  visit("origin", m.origin);
  visit("generation", m.generation);
}
UNDERSTORY_FIELDS(StoryEditParams) {
  visit.required("story", m.story);
  visit.required("edits", m.edits);
  visit("revision", m.revision);
}

UNDERSTORY_FIELDS(StoryBranchParams) {
  visit.required("story", m.story);
  visit("offset", m.offset);
  visit("text", m.text);
}

UNDERSTORY_FIELDS(StoryChild) {
  visit.required("text", m.text);
  visit.unless_empty("name", m.name);
  visit("origin", m.origin);
  visit("generation", m.generation);
}
UNDERSTORY_FIELDS(StoryAddParams) {
  visit.required("story", m.story);
  visit("parent", m.parent);
  visit.required("children", m.children);
  visit("choose", m.choose);
}

UNDERSTORY_FIELDS(StoryGenerateResult) {
  visit_change(visit, m);
  visit("branches", m.branches);
}
UNDERSTORY_FIELDS(StoryGenerateParams) {
  visit.required("story", m.story);
  visit("node", m.node);
  visit("complete", m.complete);
  visit("again", m.again);
  visit("choose", m.choose);
}

UNDERSTORY_FIELDS(StoryChooseParams) {
  visit.required("story", m.story);
  visit("node", m.node);
  visit("to", m.to);
  visit("descend", m.descend);
}

UNDERSTORY_FIELDS(StorySplitParams) {
  visit.required("story", m.story);
  visit.required("node", m.node);
  visit.required("offset", m.offset);
}

UNDERSTORY_FIELDS(StoryMergeParams) {
  visit.required("story", m.story);
  visit.required("node", m.node);
}

UNDERSTORY_FIELDS(StoryMoveParams) {
  visit.required("story", m.story);
  visit.required("node", m.node);
  visit.required("parent", m.parent);
  visit("before", m.before);
}

UNDERSTORY_FIELDS(StoryPruneParams) {
  visit.required("story", m.story);
  visit.required("node", m.node);
}

UNDERSTORY_FIELDS(StoryRestoreParams) {
  visit.required("story", m.story);
  visit.required("node", m.node);
}

UNDERSTORY_FIELDS(StoryEmptyTrashParams) {
  visit.required("story", m.story);
  visit("forget", m.forget);
}

UNDERSTORY_FIELDS(StoryMarkParams) {
  visit.required("story", m.story);
  visit.required("node", m.node);
  visit("name", m.name);
  visit("bookmarked", m.bookmarked);
}

UNDERSTORY_FIELDS(StoryHoistParams) {
  visit.required("story", m.story);
  visit("node", m.node);
}

UNDERSTORY_FIELDS(StorySetParams) {
  visit.required("story", m.story);
  visit.required("key", m.key);
  visit("value", m.value);
}

UNDERSTORY_FIELDS(StoryValue) {
  visit("key", m.key);
  visit("value", m.value);
}
UNDERSTORY_FIELDS(StoryGetResult) {
  visit("values", m.values);
}
UNDERSTORY_FIELDS(StoryGetParams) {
  visit.required("story", m.story);
  visit("key", m.key);
}

UNDERSTORY_FIELDS(StoryUndoParams) {
  visit.required("story", m.story);
}
UNDERSTORY_FIELDS(StoryRedoParams) {
  visit.required("story", m.story);
}

UNDERSTORY_FIELDS(StoryExportResult) {
  visit("text", m.text);
}
UNDERSTORY_FIELDS(StoryExportParams) {
  visit.required("story", m.story);
  visit.required("format", m.format);
  visit("node", m.node);
}

UNDERSTORY_FIELDS(StoryImportParams) {
  visit.required("story", m.story);
  visit("text", m.text);
  visit("path", m.path);
  visit("format", m.format);
  visit("parent", m.parent);
  visit("choose", m.choose);
}

UNDERSTORY_FIELDS(StoryChangedNotice) {
  visit("story", m.story);
  visit_change(visit, m);
}

#undef UNDERSTORY_FIELDS

}  // namespace understory::protocol
