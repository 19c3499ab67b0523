// An open story: its tree, its file, and the operations, each one transaction and one step of
// undo. See README.md.
//
// Everything throws ErrorException (kNotFound, kInvalidArgument, kIo ...) and has then changed
// nothing. One thread at a time (library.h has one for all stories).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/story/change.h"
#include "daemon/story/store.h"
#include "daemon/story/tree.h"
#include "daemon/story/weave.h"

namespace understory::story {

/// What an operation did.
struct Done {
  std::string kind;  // "" where nothing changed
  bool applied = true;
  std::uint64_t revision = 0;
  NodeId current = kNoNode;
  NodeId hoisted = kNoNode;
  std::vector<NodeId> nodes;  // made, or what it was about
  /// The manuscript's [offset, offset + removed) became `text`.
  struct Splice {
    std::size_t offset = 0;
    std::size_t removed = 0;
    std::string text;
  };
  std::optional<Splice> splice;
};

struct NewChild {
  std::string text;
  std::string name;
  Origin origin = Origin::kTyped;
  std::optional<Generation> generation;
};

/// An edit that may bring the generation that its text is from.
struct NewEdit {
  Edit edit;
  std::optional<Generation> generation;
};

/// [offset, offset + length) of a text was taken from a generation.
struct Taken {
  std::size_t offset = 0;
  std::size_t length = 0;
  Generation generation;
};

enum class Way { kNode, kParent, kChild, kNext, kPrevious, kRoot, kLeaf };

class Story {
 public:
  /// The file must exist; see sidecar.h. `clock` gives milliseconds since 1970.
  Story(const std::filesystem::path& file, std::function<std::int64_t()> clock);

  const Tree& tree() const { return tree_; }
  std::uint64_t revision() const { return store_.revision(); }
  const std::string& manuscript() const { return manuscript_; }

  /// As on opening: `text` may be another path, or go on from one. `taken`, in order and apart,
  /// says what of the text is the model's; where the manuscript has that already it says nothing.
  Done merge_document(std::string_view text, const std::vector<Taken>& taken = {});
  Done sync(std::string_view text, std::optional<std::uint64_t> revision,
            const std::vector<Taken>& taken = {});
  Done edit(std::vector<NewEdit> edits, std::optional<std::uint64_t> revision);

  Done branch(std::optional<std::size_t> offset, std::string text);
  Done add(NodeId parent, std::vector<NewChild> children, std::optional<std::size_t> choose,
           std::string_view kind = "add");
  Done choose(NodeId node, Way to, bool descend);
  Done split(NodeId node, std::size_t offset);
  Done merge(NodeId node);
  Done move(NodeId node, NodeId parent, NodeId before);
  Done prune(NodeId node);
  Done restore(NodeId node);
  Done empty_trash(bool forget);
  Done mark(NodeId node, const std::optional<std::string>& name, std::optional<bool> bookmarked);
  Done hoist(NodeId node);
  Done set(const std::string& key, std::optional<std::string> value);
  Done undo();
  Done redo();

  /// Runs `work` as one step of that kind; its nodes are what work() returns.
  Done change(std::string_view kind, const std::function<std::vector<NodeId>(Change&)>& work);

  /// The kind of the step that undo (redo) would take; empty where there is none.
  std::string undo_kind();
  std::string redo_kind();
  std::vector<Step> steps(std::size_t limit) { return store_.steps(limit); }

 private:
  Done finish(Change& change, std::string_view kind, std::vector<NodeId> nodes,
              std::optional<std::string_view> manuscript = {});
  Done sync_with(std::string_view text, bool anywhere, const std::vector<Taken>& taken);
  void store(Change& change, const Record& record, std::string_view kind);
  Done travel(std::uint64_t step, bool back);
  Done done(std::string kind, std::vector<NodeId> nodes);
  Done done(std::string kind, std::vector<NodeId> nodes, std::optional<Done::Splice> splice);
  std::optional<Done::Splice> splice_of_move(NodeId from, NodeId to) const;
  std::optional<Done> outdated(const std::optional<std::uint64_t>& revision);
  const Node& live(NodeId id) const;

  Tree tree_;
  Store store_;
  std::function<std::int64_t()> clock_;
  std::string manuscript_;
  std::uint64_t manuscript_revision_ = 0;  // at which it last changed
  // The last step, while typing in the same node may still join it.
  std::optional<Record> typing_;
  std::int64_t typing_since_ms_ = 0;
};

}  // namespace understory::story
