#include "daemon/story/weave.h"

#include <algorithm>
#include <cassert>

#include "base/error.h"
#include "base/utf8.h"
#include "daemon/story/spans.h"
#include "daemon/story/text_diff.h"

namespace understory::story {
namespace {

// A node of the manuscript and where its text lies in it.
struct Place {
  const Node* node;
  std::size_t begin;
  std::size_t end;
};

std::vector<Place> places_of(const Tree& tree) {
  std::vector<Place> places;
  std::size_t at = 0;
  for (const Node* node : tree.path_to(tree.current())) {
    places.push_back({node, at, at + node->text.size()});
    at += node->text.size();
  }
  return places;
}

// What an edit inserts: inside text of the model the writer's own words count as edited.
Spans spans_of(const Edit& edit, const Row& row) {
  Origin origin = edit.origin;
  if (origin == Origin::kTyped && generation_of(row) != kNoGeneration) origin = Origin::kEdited;
  return whole(edit.text.size(), origin, edit.generation);
}

void edit_node(Change& change, const Node& node, std::size_t offset, std::size_t removed,
               const Edit& edit) {
  std::string text = node.text;
  text.replace(offset, removed, edit.text);
  change.set_text(node.id, std::move(text),
                  splice(node.spans, offset, removed, spans_of(edit, node)));
}

void cut_from_node(Change& change, const Node& node, std::size_t offset, std::size_t removed) {
  std::string text = node.text;
  text.erase(offset, removed);
  change.set_text(node.id, std::move(text), splice(node.spans, offset, removed, {}));
}

void put_in_trash(Change& change, NodeId id) {
  Row row = change.tree().at(id);
  row.trashed_ms = change.now_ms();
  change.put(std::move(row));
}

// Keeps a removed passage as a pruned child of the node that comes before it.
void keep_passage(Change& change, NodeId parent, std::string text, Spans spans) {
  if (text.size() < kPassageBytes) return;
  const Node& kept = change.create(parent, nullptr, std::move(text), std::move(spans));
  put_in_trash(change, kept.id);
}

// Whether the leaf goes on growing when something is put at its end.
bool grows(const Tree& tree, const Node& leaf, const Edit& edit) {
  if (leaf.id == kRoot || tree.n_live_children(leaf) > 0) return false;
  if (leaf.text.empty()) return true;
  if (leaf.text.size() >= kLargeNodeBytes) return false;
  if (edit.origin == Origin::kModel) {
    return edit.generation != kNoGeneration && generation_of(leaf) == edit.generation;
  }
  return generation_of(leaf) == kNoGeneration;
}

// Rule 5, at the manuscript's end.
void extend(Change& change, const Edit& edit) {
  const Node& leaf = change.tree().current();
  if (grows(change.tree(), leaf, edit)) {
    return edit_node(change, leaf, leaf.text.size(), 0, edit);
  }
  if (edit.origin == Origin::kTyped) {
    const Pieces typed = [&](std::size_t offset, std::size_t length) {
      return std::vector<Piece>{{std::string_view(edit.text).substr(offset, length)}};
    };
    change.set_current(plant(change, leaf.id, edit.text, typed).id);
    return;
  }
  const Node& child = change.create(leaf.id, nullptr, edit.text,
                                    whole(edit.text.size(), edit.origin, edit.generation));
  change.set_current(child.id);
}

// A node of its own between two nodes of the manuscript.
void insert_between(Change& change, const Node& above, const Node& below, const Edit& edit) {
  const NodeId below_id = below.id;
  const Node& made = change.create(above.id, &below, edit.text,
                                   whole(edit.text.size(), edit.origin, edit.generation));
  change.move(below_id, made.id, nullptr);
}

// Rule 5, elsewhere: to the node before, unless other branches go on from there.
void insert(Change& change, const std::vector<Place>& places, const Edit& edit) {
  if (edit.offset == places.back().end) return extend(change, edit);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto& [node, begin, end] = places[i];
    if (begin < edit.offset && edit.offset < end) {
      return edit_node(change, *node, edit.offset - begin, 0, edit);
    }
    if (end != edit.offset) continue;
    const Node& next = *places[i + 1].node;
    if (edit.origin == Origin::kModel) return insert_between(change, *node, next, edit);
    const bool shared = node->id == kRoot || change.tree().n_live_children(*node) > 1;
    if (!shared) return edit_node(change, *node, end - begin, 0, edit);
    return edit_node(change, next, 0, 0, edit);
  }
}

// The part of the manuscript that an edit takes out.
struct Stretch {
  std::size_t first;  // places that it touches
  std::size_t last;
  std::size_t n_whole = 0;  // of those, nodes that it takes out whole
  bool shared = false;      // other branches go on from inside it
};

Stretch stretch_of(const Tree& tree, const std::vector<Place>& places, std::size_t a,
                   std::size_t b) {
  Stretch s{places.size(), 0};
  for (std::size_t i = 1; i < places.size(); ++i) {
    const auto& [node, begin, end] = places[i];
    if (std::max(begin, a) < std::min(end, b)) {
      s.first = std::min(s.first, i);
      s.last = i;
    }
  }
  for (std::size_t i = s.first; i <= s.last; ++i) {
    const auto& [node, begin, end] = places[i];
    const bool is_whole = a <= begin && end <= b;
    s.n_whole += is_whole && begin < end;
    // Its children go on from its end, which lies inside or goes with it.
    if (!is_whole && (i == s.last || end > b)) continue;
    const std::size_t on_path = i + 1 < places.size() ? 1 : 0;
    s.shared = s.shared || tree.n_live_children(*node) > on_path;
  }
  return s;
}

// Cuts the manuscript at an offset; the node that ends there.
NodeId cut_at(Change& change, std::size_t offset) {
  for (const auto& [node, begin, end] : places_of(change.tree())) {
    if (offset == end) return node->id;
    if (begin < offset && offset < end) return split(change, node->id, offset - begin).id;
  }
  assert(false);
  return kRoot;
}

// A stretch of the manuscript and what takes its place.
struct Replacement {
  std::size_t begin;
  std::size_t end;
  std::string text;
  Spans spans;
};

// Rules 3 and 4: takes the stretch out as nodes of its own, puts the text in its place, and hangs
// what follows on that. The old passage stays beside it, or goes to the trash.
void branch_off(Change& change, const Replacement& edit, bool keep) {
  const NodeId last = cut_at(change, edit.end);
  const NodeId above = cut_at(change, edit.begin);
  const Path path = change.tree().path_to(change.tree().current());
  const auto above_at =
      std::find_if(path.begin(), path.end(), [&](const Node* n) { return n->id == above; });
  const auto last_at =
      std::find_if(path.begin(), path.end(), [&](const Node* n) { return n->id == last; });
  const NodeId old = (*std::next(above_at))->id;
  const NodeId rest = std::next(last_at) == path.end() ? kNoNode : (*std::next(last_at))->id;
  NodeId onto = above;
  if (!edit.text.empty()) {
    onto = change.create(above, &change.tree().at(old), edit.text, edit.spans).id;
  }
  NodeId current = change.tree().current().id;
  if (rest != kNoNode) {
    change.move(rest, onto, onto == above ? &change.tree().at(old) : nullptr);
  } else {
    current = onto;
  }
  if (!keep) prune(change, old);
  change.set_current(current);
}

// Most of the node, of which `removed` bytes go.
bool is_most(std::size_t removed, const Place& place) {
  return removed * 5 >= (place.end - place.begin) * 4;
}

// The edit as a replacement. Where all but the ends of its first or last node are rewritten, the
// ends are taken too, so that the old passage and the new one are whole (a full stop, say, that
// both have).
Replacement replacement_of(const std::vector<Place>& places, const Stretch& s, const Edit& edit) {
  Replacement out{edit.offset, edit.offset + edit.length, edit.text,
                  whole(edit.text.size(), edit.origin, edit.generation)};
  if (edit.text.empty()) return out;
  const Place& first = places[s.first];
  const Place& last = places[s.last];
  if (is_most(std::min(out.end, first.end) - out.begin, first)) {
    const std::size_t kept = out.begin - first.begin;
    out.text.insert(0, first.node->text, 0, kept);
    Spans spans = slice(first.node->spans, 0, kept);
    append(spans, out.spans);
    out.spans = std::move(spans);
    out.begin = first.begin;
  }
  if (is_most(out.end - std::max(edit.offset, last.begin), last)) {
    const std::size_t kept = last.end - out.end;
    out.text.append(last.node->text, last.node->text.size() - kept, kept);
    append(out.spans, slice(last.node->spans, last.node->text.size() - kept, kept));
    out.end = last.end;
  }
  return out;
}

// Rule 4, where nothing goes on from inside: whole nodes go to the trash, others are edited.
void take_out(Change& change, const std::vector<Place>& places, const Stretch& s,
              const Edit& edit) {
  const std::size_t a = edit.offset;
  const std::size_t b = a + edit.length;
  if (s.n_whole > 0) return branch_off(change, replacement_of(places, s, edit), false);
  // Two neighbours, or empty nodes between: the first one's end and the last one's beginning.
  const Place& head = places[s.first];
  const Place& tail = places[s.last];
  std::string removed = head.node->text.substr(a - head.begin);
  Spans spans = slice(head.node->spans, a - head.begin, head.end - a);
  removed += tail.node->text.substr(0, b - tail.begin);
  append(spans, slice(tail.node->spans, 0, b - tail.begin));
  const NodeId head_id = head.node->id;
  cut_from_node(change, *tail.node, 0, b - tail.begin);
  edit_node(change, *head.node, a - head.begin, head.end - a, edit);
  keep_passage(change, head_id, std::move(removed), std::move(spans));
}

// Rules 2 and 3, inside one node.
void replace_inside(Change& change, const std::vector<Place>& places, const Stretch& s,
                    const Edit& edit) {
  const Place& place = places[s.first];
  const Node& node = *place.node;
  const std::size_t at = edit.offset - place.begin;
  const bool rewritten =
      edit.length >= kPassageBytes && !edit.text.empty() && is_most(edit.length, place);
  if (rewritten) return branch_off(change, replacement_of(places, s, edit), true);
  const NodeId id = node.id;
  std::string removed = node.text.substr(at, edit.length);
  Spans spans = slice(node.spans, at, edit.length);
  edit_node(change, node, at, edit.length, edit);
  keep_passage(change, id, std::move(removed), std::move(spans));
}

void weave_one(Change& change, const Edit& edit) {
  const std::vector<Place> places = places_of(change.tree());
  const std::size_t size = places.back().end;
  if (edit.offset > size || edit.length > size - edit.offset) {
    throw ErrorException(
        {ErrorCode::kInvalidArgument,
         "an edit lies outside the manuscript, which has " + std::to_string(size) + " bytes"});
  }
  if (edit.length == 0) {
    if (!edit.text.empty()) insert(change, places, edit);
    return;
  }
  const Stretch s = stretch_of(change.tree(), places, edit.offset, edit.offset + edit.length);
  if (s.first == s.last && s.n_whole == 0) return replace_inside(change, places, s, edit);
  if (s.shared || (s.n_whole > 0 && !edit.text.empty())) {
    return branch_off(change, replacement_of(places, s, edit), true);
  }
  take_out(change, places, s, edit);
}

// A stretch of the manuscript becomes the pieces: the first takes its place, the others come after.
void weave_pieces(Change& change, const Hunk& hunk, const std::vector<Piece>& pieces) {
  if (pieces.empty()) return weave_one(change, {hunk.a_offset, hunk.a_length, ""});
  std::size_t offset = hunk.a_offset;
  std::size_t length = hunk.a_length;
  for (const Piece& piece : pieces) {
    weave_one(change, {offset, length, std::string(piece.text), piece.origin, piece.generation});
    offset += piece.text.size();
    length = 0;
  }
}

Spans spans_of(const std::vector<Piece>& pieces) {
  Spans spans;
  for (const Piece& piece : pieces) {
    append(spans, whole(piece.text.size(), piece.origin, piece.generation));
  }
  return spans;
}

// The deepest node whose path's text `text` begins with, and how much that is.
struct Match {
  const Node* node;
  std::size_t bytes;
  std::size_t depth = 0;
};

Match longest_match(const Tree& tree, std::string_view text) {
  const Path path = tree.path_to(tree.current());
  Match best{&tree.root(), 0};
  std::vector<Match> open{best};
  while (!open.empty()) {
    const Match here = open.back();
    open.pop_back();
    // Of paths that say the same, the manuscript's own.
    const bool on_path = here.depth < path.size() && path[here.depth] == here.node;
    const bool nearer = here.bytes == best.bytes && on_path;
    if (here.bytes > best.bytes || nearer) best = here;
    const auto& children = here.node->children;
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      if ((*child)->trashed_ms != 0) continue;
      if (text.substr(here.bytes).starts_with((*child)->text)) {
        open.push_back({*child, here.bytes + (*child)->text.size(), here.depth + 1});
      }
    }
  }
  return best;
}

// Short, typed, and with nothing that hangs on it: undo has it.
bool is_worthless(const Node& node) {
  return node.id != kRoot && node.children.empty() && node.text.size() < 64 && node.name.empty() &&
         !node.bookmarked && generation_of(node) == kNoGeneration;
}

// The end of the leaf typed on, or taken back: on the way it may look like another branch.
bool is_typing(const Tree& tree, std::string_view manuscript, std::string_view text) {
  const Node& leaf = tree.current();
  if (leaf.text.empty() || tree.n_live_children(leaf) > 0) return false;
  if (text.size() <= manuscript.size() - leaf.text.size()) return false;
  return text.starts_with(manuscript) || manuscript.starts_with(text);
}

std::size_t paragraph_end(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text.size();
  const std::size_t blank = text.rfind("\n\n", most - 2);
  if (blank != std::string_view::npos && blank > 0) return blank + 2;
  const std::size_t line = text.rfind('\n', most - 1);
  if (line != std::string_view::npos) return line + 1;
  std::size_t end = most;
  while (end > most - 4 && is_continuation(text[end])) --end;
  return end;
}

// Where the next chapter's heading begins; the text's size where there is none.
std::size_t chapter_end(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  for (std::size_t at = text.find('\n', first); at != std::string_view::npos;
       at = text.find('\n', at)) {
    const std::string_view line = text.substr(++at);
    if (line.starts_with("# ") || line.starts_with("## ")) return at;
  }
  return text.size();
}

// A leaf that the manuscript has left, and that is but a beginning of where it is now, or what
// remains of something taken back.
void tidy_beginning(Change& change, NodeId left) {
  const Node* node = change.tree().find(left);
  const Node& current = change.tree().current();
  if (node == nullptr || node == &current || !is_worthless(*node)) return;
  if (node->up == &current || current.text.starts_with(node->text)) change.erase(left);
}

}  // namespace

void weave(Change& change, const std::vector<Edit>& edits) {
  std::size_t end = 0;
  for (const Edit& edit : edits) {
    if (edit.offset < end) {
      throw ErrorException(
          {ErrorCode::kInvalidArgument, "the edits must be in order and may not overlap"});
    }
    end = edit.offset + edit.length;
  }
  // From the last on, so that the offsets of those before stay right.
  for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) weave_one(change, *edit);
}

void weave_text(Change& change, std::string_view manuscript, std::string_view text, bool anywhere,
                const Pieces& pieces) {
  const Tree& tree = change.tree();
  if (manuscript == text) return;
  std::string other;
  if (!is_typing(tree, manuscript, text)) {
    const NodeId left = tree.current().id;
    const Match match = longest_match(tree, text);
    const bool is_path = match.bytes == text.size();
    // A whole draft of another branch, with more at its end.
    const bool goes_on = anywhere && match.node != &tree.current() &&
                         tree.n_live_children(*match.node) == 0 && match.bytes > 0 &&
                         !text.starts_with(manuscript);
    if (is_path || goes_on) {
      change.set_current(match.node->id);
      tidy(change, left);
      tidy_beginning(change, left);
    }
    if (is_path) return;
    if (goes_on) manuscript = other = tree.text_to(tree.current());
  }
  if (tree.root().children.empty()) {
    change.set_current(plant(change, kRoot, text, pieces).id);
    return;
  }
  const std::vector<Hunk> hunks = diff(manuscript, text);
  // From the last on, as in weave().
  for (auto hunk = hunks.rbegin(); hunk != hunks.rend(); ++hunk) {
    weave_pieces(change, *hunk, pieces(hunk->b_offset, hunk->b_length));
  }
}

const Node& plant(Change& change, NodeId parent, std::string_view text, const Pieces& pieces) {
  const Node* last = &change.tree().at(parent);
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const std::size_t chapter = chapter_end(rest);
    const std::size_t size = paragraph_end(rest.substr(0, chapter), kLargeNodeBytes);
    last = &change.create(last->id, nullptr, std::string(rest.substr(0, size)),
                          spans_of(pieces(at, size)));
    at += size;
  }
  return *last;
}

const Node& split(Change& change, NodeId id, std::size_t offset) {
  const Node& node = change.tree().at(id);
  assert(offset > 0 && offset < node.text.size());
  Row lower = node;
  const Node& made =
      change.create(node.parent, &node, node.text.substr(0, offset), slice(node.spans, 0, offset));
  Row upper = made;
  const Node& parent = *made.up;
  // Name and bookmark mark where a branch begins.
  upper.name = std::move(lower.name);
  upper.bookmarked = lower.bookmarked;
  upper.chosen = id;
  upper.created_ms = lower.created_ms;
  const NodeId made_id = upper.id;
  change.put(std::move(upper));
  if (parent.chosen == id) {
    Row row = parent;
    row.chosen = made_id;
    change.put(std::move(row));
  }
  lower.parent = made_id;
  lower.rank = 0;
  lower.name.clear();
  lower.bookmarked = false;
  lower.spans = slice(lower.spans, offset, lower.text.size() - offset);
  lower.text.erase(0, offset);
  change.put(std::move(lower));
  return change.tree().at(made_id);
}

void prune(Change& change, NodeId id) {
  if (is_worthless(change.tree().at(id))) return change.erase(id);
  put_in_trash(change, id);
}

void tidy(Change& change, NodeId left) {
  const Node* node = change.tree().find(left);
  const bool goes = node != nullptr && left != kRoot && node->text.empty() &&
                    node->children.empty() && node->name.empty() && !node->bookmarked &&
                    left != change.tree().current().id &&
                    !change.tree().is_below(change.tree().current(), *node);
  if (goes) change.erase(left);
}

}  // namespace understory::story
