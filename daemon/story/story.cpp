#include "daemon/story/story.h"

#include <algorithm>

#include "base/error.h"
#include "daemon/story/common_ends.h"
#include "daemon/story/spans.h"

namespace understory::story {
namespace {

constexpr std::int64_t kTypingMs = 3000;  // that long typing is one step

[[noreturn]] void refuse(std::string message) {
  throw ErrorException({ErrorCode::kInvalidArgument, std::move(message)});
}

std::optional<Done::Splice> splice_between(const std::string& before, const std::string& after) {
  const auto [head, tail] = common_ends(before, after);
  if (head == before.size() && head == after.size()) return std::nullopt;
  return Done::Splice{head, before.size() - head - tail,
                      after.substr(head, after.size() - head - tail)};
}

// Adds the generation to the story where it does not have it yet.
GenerationId know(Change& change, const Generation& generation) {
  for (const auto& [id, known] : change.tree().generations()) {
    const bool same = known.seed == generation.seed && known.model == generation.model &&
                      known.prompt_hash == generation.prompt_hash &&
                      known.params == generation.params;
    if (same) return id;
  }
  Generation made = generation;
  if (made.created_ms == 0) made.created_ms = change.now_ms();
  return change.add_generation(std::move(made));
}

GenerationId know(Change& change, const std::optional<Generation>& generation) {
  return generation ? know(change, *generation) : kNoGeneration;
}

// [offset, offset + length) of the text, cut where what was taken begins and ends.
std::vector<Piece> pieces_of(Change& change, std::string_view text, const std::vector<Taken>& taken,
                             std::size_t offset, std::size_t length) {
  std::vector<Piece> pieces;
  const std::size_t end = offset + length;
  const auto typed_until = [&](std::size_t until) {
    if (offset < until) pieces.push_back({text.substr(offset, until - offset)});
    offset = std::max(offset, until);
  };
  for (const Taken& t : taken) {
    const std::size_t from = std::max(t.offset, offset);
    const std::size_t to = std::min(t.offset + t.length, end);
    if (from >= to) continue;
    typed_until(from);
    pieces.push_back({text.substr(from, to - from), Origin::kModel, know(change, t.generation)});
    offset = to;
  }
  typed_until(end);
  return pieces;
}

void check(const std::vector<Taken>& taken, std::size_t size) {
  std::size_t end = 0;
  for (const Taken& t : taken) {
    if (t.offset > size || t.length > size - t.offset) refuse("'taken' lies outside the text");
    if (t.offset < end) refuse("'taken' must be in order and may not overlap");
    end = t.offset + t.length;
  }
}

// Whether it only moves the manuscript's end, and the memory of the way there.
bool leaves_texts(const Record& record) {
  return std::all_of(record.rows.begin(), record.rows.end(), [](const auto& entry) {
    const auto& [before, after] = entry.second;
    return before && after && before->parent == after->parent && before->text == after->text;
  });
}

std::string spliced(std::string text, const std::optional<Done::Splice>& splice) {
  if (splice) text.replace(splice->offset, splice->removed, splice->text);
  return text;
}

// Only the text of one node, and where the manuscript ends.
bool is_typing(const Record& record) {
  return record.rows.size() == 1 && record.settings.empty() && record.before == record.after &&
         record.rows.begin()->second.before && record.rows.begin()->second.after;
}

}  // namespace

Story::Story(const std::filesystem::path& file, std::function<std::int64_t()> clock)
    : store_(file), clock_(std::move(clock)) {
  store_.load(tree_);
  manuscript_ = tree_.text_to(tree_.current());
  manuscript_revision_ = store_.revision();
}

const Node& Story::live(NodeId id) const {
  const Node& node = tree_.at(id);
  if (tree_.in_trash(node)) {
    refuse("node " + std::to_string(id) + " is in the trash; restore it first");
  }
  return node;
}

// What moving the manuscript's end does to it, in time that does not depend on what they share.
std::optional<Done::Splice> Story::splice_of_move(NodeId from, NodeId to) const {
  const Node* a = &tree_.at(from);
  const Node* b = &tree_.at(to);
  std::uint32_t depth_a = tree_.depth(*a);
  std::uint32_t depth_b = tree_.depth(*b);
  std::size_t removed = 0;
  std::vector<const Node*> added;
  while (a != b) {
    const bool up_a = depth_a >= depth_b;
    const bool up_b = depth_b >= depth_a;
    if (up_a) {
      removed += a->text.size();
      a = a->up;
      --depth_a;
    }
    if (up_b) {
      added.push_back(b);
      b = b->up;
      --depth_b;
    }
  }
  std::string text;
  for (auto node = added.rbegin(); node != added.rend(); ++node) text += (*node)->text;
  const std::size_t shared = manuscript_.size() - removed;
  std::optional<Done::Splice> splice = splice_between(manuscript_.substr(shared), text);
  if (splice) splice->offset += shared;
  return splice;
}

Done Story::done(std::string kind, std::vector<NodeId> nodes) {
  return done(std::move(kind), std::move(nodes),
              splice_between(manuscript_, tree_.text_to(tree_.current())));
}

Done Story::done(std::string kind, std::vector<NodeId> nodes, std::optional<Done::Splice> splice) {
  Done out;
  out.kind = std::move(kind);
  out.revision = store_.revision();
  out.current = tree_.header().current;
  out.hoisted = tree_.header().hoisted;
  std::erase_if(nodes, [this](NodeId id) { return tree_.find(id) == nullptr; });
  out.nodes = std::move(nodes);
  out.splice = std::move(splice);
  if (out.splice) {
    manuscript_.replace(out.splice->offset, out.splice->removed, out.splice->text);
    manuscript_revision_ = out.revision;
  }
  return out;
}

void Story::store(Change& change, const Record& record, std::string_view kind) {
  const bool typing = (kind == "sync" || kind == "edit") && is_typing(record);
  const bool joins = typing && typing_ && change.now_ms() - typing_since_ms_ < kTypingMs &&
                     typing_->rows.begin()->first == record.rows.begin()->first;
  if (joins) {
    Record merged = *typing_;
    merged.rows.begin()->second.after = record.rows.begin()->second.after;
    store_.amend(change, record, merged, change.now_ms());
    typing_ = std::move(merged);
    return;
  }
  store_.commit(change, record, kind, change.now_ms());
  typing_.reset();
  if (!typing) return;
  typing_ = record;
  typing_since_ms_ = change.now_ms();
}

Done Story::finish(Change& change, std::string_view kind, std::vector<NodeId> nodes,
                   std::optional<std::string_view> manuscript) {
  const Record record = change.record();
  if (record.empty()) return done("", std::move(nodes), std::nullopt);
  std::optional<Done::Splice> splice =
      leaves_texts(record) ? splice_of_move(record.before.current, record.after.current)
                           : splice_between(manuscript_, tree_.text_to(tree_.current()));
  if (manuscript && *manuscript != spliced(manuscript_, splice)) {
    throw ErrorException({ErrorCode::kInternal, "the text was not woven into the story"});
  }
  store(change, record, kind);
  change.keep();
  return done(std::string(kind), std::move(nodes), std::move(splice));
}

Done Story::change(std::string_view kind, const std::function<std::vector<NodeId>(Change&)>& work) {
  Change change(
      tree_, [this] { return store_.next_id(); }, clock_());
  std::vector<NodeId> nodes = work(change);
  return finish(change, kind, std::move(nodes));
}

std::optional<Done> Story::outdated(const std::optional<std::uint64_t>& revision) {
  if (!revision || *revision >= manuscript_revision_) return std::nullopt;
  Done out = done("", {});
  out.applied = false;
  return out;
}

Done Story::merge_document(std::string_view text, const std::vector<Taken>& taken) {
  return sync_with(text, true, taken);
}

Done Story::sync_with(std::string_view text, bool anywhere, const std::vector<Taken>& taken) {
  check(taken, text.size());
  Change change(
      tree_, [this] { return store_.next_id(); }, clock_());
  weave_text(change, manuscript_, text, anywhere, [&](std::size_t offset, std::size_t length) {
    return pieces_of(change, text, taken, offset, length);
  });
  return finish(change, "sync", {tree_.header().current}, text);
}

Done Story::sync(std::string_view text, std::optional<std::uint64_t> revision,
                 const std::vector<Taken>& taken) {
  if (std::optional<Done> refusal = outdated(revision)) return *refusal;
  return sync_with(text, false, taken);
}

Done Story::edit(std::vector<NewEdit> edits, std::optional<std::uint64_t> revision) {
  if (std::optional<Done> refusal = outdated(revision)) return *refusal;
  return change("edit", [&](Change& c) {
    std::vector<Edit> woven;
    for (NewEdit& e : edits) {
      e.edit.generation = know(c, e.generation);
      woven.push_back(std::move(e.edit));
    }
    weave(c, woven);
    return std::vector<NodeId>{tree_.header().current};
  });
}

Done Story::branch(std::optional<std::size_t> offset, std::string text) {
  return change("branch", [&](Change& c) {
    const std::size_t at = offset.value_or(manuscript_.size());
    if (at > manuscript_.size()) {
      refuse("'offset' lies behind the manuscript's end, " + std::to_string(manuscript_.size()));
    }
    const NodeId left = tree_.header().current;
    std::size_t begin = 0;
    NodeId above = kRoot;
    for (const Node* node : tree_.path_to(tree_.current())) {
      const std::size_t end = begin + node->text.size();
      above = node->id;
      if (begin < at && at < end) above = story::split(c, node->id, at - begin).id;
      if (at <= end) break;
      begin = end;
    }
    const NodeId made = c.create(above, nullptr, text, whole(text.size(), Origin::kTyped)).id;
    c.set_current(made);
    tidy(c, left);
    return std::vector<NodeId>{made};
  });
}

Done Story::add(NodeId parent, std::vector<NewChild> children, std::optional<std::size_t> choose,
                std::string_view kind) {
  live(parent);
  if (choose && *choose >= children.size()) refuse("'choose' must be one of the children");
  return change(kind, [&](Change& c) {
    std::vector<NodeId> made;
    for (NewChild& child : children) {
      const GenerationId generation = know(c, child.generation);
      const Spans spans = whole(child.text.size(), child.origin, generation);
      made.push_back(c.create(parent, nullptr, std::move(child.text), spans).id);
      if (child.name.empty()) continue;
      Row row = tree_.at(made.back());
      row.name = std::move(child.name);
      c.put(std::move(row));
    }
    if (choose) {
      const NodeId left = tree_.header().current;
      c.set_current(made[*choose]);
      tidy(c, left);
    }
    return made;
  });
}

Done Story::choose(NodeId id, Way to, bool descend) {
  const Node* node = &live(id);
  const Node* target = node;
  switch (to) {
    case Way::kNode:
      break;
    case Way::kLeaf:
      descend = true;
      break;
    case Way::kRoot:
      target = &tree_.root();
      descend = false;
      break;
    case Way::kParent:
      target = node->up;
      descend = false;
      break;
    case Way::kChild:
      target = tree_.next_down(*node);
      break;
    case Way::kNext:
    case Way::kPrevious:
      target = nullptr;
      for (; node != nullptr && target == nullptr; node = node->up) {
        target = tree_.sibling(*node, to == Way::kNext ? 1 : -1);
        if (target == nullptr && tree_.sibling(*node, to == Way::kNext ? -1 : 1)) break;
      }
      break;
  }
  if (target == nullptr) return done("", {id});
  if (descend) target = &tree_.leaf_below(*target);
  return change("choose", [&](Change& c) {
    const NodeId left = tree_.header().current;
    const NodeId chosen = target->id;
    c.set_current(chosen);
    tidy(c, left);
    return std::vector<NodeId>{chosen};
  });
}

Done Story::split(NodeId id, std::size_t offset) {
  const Node& node = live(id);
  if (offset == 0 || offset >= node.text.size()) {
    refuse("'offset' must lie inside the node's text, which has " +
           std::to_string(node.text.size()) + " bytes");
  }
  return change("split", [&](Change& c) {
    return std::vector<NodeId>{story::split(c, id, offset).id, id};
  });
}

Done Story::merge(NodeId id) {
  const Node& node = live(id);
  if (node.up == nullptr || node.up->id == kRoot) {
    refuse("node " + std::to_string(id) + " begins the story; there is nothing to merge it with");
  }
  const Node& parent = *node.up;
  return change("merge", [&](Change& c) {
    const bool alone = tree_.n_live_children(parent) == 1;
    Row row = node;
    Spans spans = parent.spans;
    append(spans, row.spans);
    row.text = parent.text + row.text;
    row.spans = std::move(spans);
    if (row.name.empty()) row.name = parent.name;
    row.bookmarked = row.bookmarked || (alone && parent.bookmarked);
    const NodeId parent_id = parent.id;
    const bool ends_at_parent = tree_.header().current == parent_id;
    const bool was_chosen = parent.up->chosen == parent_id;
    const NodeId grandparent = parent.up->id;
    c.put(std::move(row));
    c.move(id, grandparent, &parent);
    if (was_chosen && (alone || tree_.is_below(tree_.current(), tree_.at(id)))) {
      Row above = tree_.at(grandparent);
      above.chosen = id;
      c.put(std::move(above));
    }
    if (alone && ends_at_parent) c.set_current(id);
    if (alone && parent.children.empty()) {
      c.erase(parent_id);
    } else if (alone) {  // what was pruned from it still hangs there
      Row emptied = parent;
      emptied.trashed_ms = c.now_ms();
      c.put(std::move(emptied));
    }
    return std::vector<NodeId>{id};
  });
}

Done Story::move(NodeId id, NodeId parent, NodeId before) {
  const Node& node = live(id);
  const Node& target = live(parent);
  if (id == kRoot) refuse("the root cannot be moved");
  if (tree_.is_below(target, node)) refuse("a node cannot be moved below itself");
  const Node* sibling = nullptr;
  if (before != kNoNode && before != id) {
    sibling = &tree_.at(before);
    if (sibling->up != &target) refuse("'before' must be a child of 'parent'");
  }
  return change("move", [&](Change& c) {
    c.move(id, parent, sibling);
    c.set_current(tree_.header().current);  // the way to it may be another
    return std::vector<NodeId>{id};
  });
}

Done Story::prune(NodeId id) {
  const Node& node = live(id);
  if (id == kRoot) refuse("the root cannot be pruned");
  return change("prune", [&](Change& c) {
    if (tree_.is_below(tree_.current(), node)) c.set_current(node.up->id);
    const Node* hoisted = tree_.find(tree_.header().hoisted);
    if (hoisted != nullptr && tree_.is_below(*hoisted, node)) c.set_hoisted(kNoNode);
    Row row = node;
    row.trashed_ms = c.now_ms();
    c.put(std::move(row));
    return std::vector<NodeId>{id};
  });
}

Done Story::restore(NodeId id) {
  const Node* node = &tree_.at(id);
  return change("restore", [&](Change& c) {
    for (; node != nullptr; node = node->up) {
      if (node->trashed_ms == 0) continue;
      Row row = *node;
      row.trashed_ms = 0;
      c.put(std::move(row));
    }
    return std::vector<NodeId>{id};
  });
}

Done Story::empty_trash(bool forget) {
  std::vector<NodeId> gone;
  walk(tree_.root(), [&](const Node& node, std::uint32_t) {
    if (node.trashed_ms == 0) return true;
    walk(node, [&](const Node& below, std::uint32_t) { return gone.push_back(below.id), true; });
    return false;
  });
  Done out = change("empty_trash", [&](Change& c) {
    std::reverse(gone.begin(), gone.end());  // children first
    for (const NodeId id : gone) c.erase(id);
    return std::vector<NodeId>{};
  });
  if (!forget) return out;
  store_.forget_steps();
  typing_.reset();
  out.revision = store_.revision();
  return out;
}

Done Story::mark(NodeId id, const std::optional<std::string>& name,
                 std::optional<bool> bookmarked) {
  Row row = tree_.at(id);
  if (id == kRoot) refuse("the root can have no name or bookmark");
  if (name && name->size() > 4096) refuse("'name' may have at most 4096 bytes");
  return change("mark", [&](Change& c) {
    if (name) row.name = *name;
    if (bookmarked) row.bookmarked = *bookmarked;
    c.put(std::move(row));
    return std::vector<NodeId>{id};
  });
}

Done Story::hoist(NodeId id) {
  if (id != kNoNode) live(id);
  return change("hoist", [&](Change& c) {
    c.set_hoisted(id == kRoot ? kNoNode : id);
    return id == kNoNode ? std::vector<NodeId>{} : std::vector<NodeId>{id};
  });
}

Done Story::set(const std::string& key, std::optional<std::string> value) {
  if (key.empty() || key.size() > 256) refuse("'key' must have 1 to 256 bytes");
  if (value && value->size() > (std::size_t{1} << 20)) refuse("'value' may have at most 1 MiB");
  return change("set", [&](Change& c) {
    c.set_setting(key, std::move(value));
    return std::vector<NodeId>{};
  });
}

Done Story::undo() {
  const std::uint64_t position = store_.position();
  return position == 0 ? done("", {}) : travel(position, true);
}

Done Story::redo() {
  const std::optional<Step> step = store_.step_after(store_.position());
  return step ? travel(step->id, false) : done("", {});
}

Done Story::travel(std::uint64_t id, bool back) {
  const std::optional<Step> step = store_.step_at(id);
  if (!step) return done("", {});
  Record record = decode_record(store_.record_of(id), tree_, back);
  if (back) record = record.reversed();
  apply(tree_, record);
  try {
    tree_.check();
    store_.commit_undo(record, back ? store_.position_before(id) : id);
  } catch (...) {
    apply(tree_, record.reversed());
    throw;
  }
  typing_.reset();
  std::vector<NodeId> nodes;
  for (const auto& [node, change] : record.rows) nodes.push_back(node);
  return done(step->kind, std::move(nodes));
}

std::string Story::undo_kind() {
  const std::optional<Step> step = store_.step_at(store_.position());
  return step ? step->kind : "";
}

std::string Story::redo_kind() {
  const std::optional<Step> step = store_.step_after(store_.position());
  return step ? step->kind : "";
}

}  // namespace understory::story
