#include "tui/app/tree_page.h"

#include <algorithm>
#include <filesystem>

#include "base/utf8.h"
#include "tui/app/completion_request.h"
#include "tui/app/story_pages.h"
#include "tui/document/file_bytes.h"

namespace understory::tui {

using protocol::StoryChange;
using protocol::StoryNode;

namespace {

constexpr std::uint32_t kPageNodes = 1000;  // asked for at a time
constexpr std::uint64_t kNobody = ~std::uint64_t{0};

}  // namespace

const std::vector<PageCommand<TreePage>>& TreePage::table() {
  using T = TreePage;
  static const std::vector<PageCommand<TreePage>> commands = {
      {{kEnter, 0}, &T::enter, {"Enter", "Enter follow", "The manuscript follows this branch"}},
      {{U'w', 0},
       &T::end_here,
       {"w", "w another", "The manuscript ends here: write another way on"}},
      {{U'g', 0}, &T::generate, {"g", "g continue", "The model goes on from here, several ways"}},
      {{U'n', 0}, &T::name, {"n", "n name", "Name it"}},
      {{U'b', 0}, &T::bookmark, {"b", "b bookmark", "Bookmark it, or not any more"}},
      {{U'x', 0}, &T::prune, {"x", "x prune", "Prune it, with all below it: into the trash"}},
      {{U'u', 0}, &T::undo, {"u", "u undo", "Undo the last change of the tree"}},
      {{U'/', 0}, &T::search, {"/", "/ find", "Show only nodes that have these words"}},
      {{U'U', 0}, &T::redo, {"U", "", "Redo it"}},
      {{kUp, 0}, &T::up, {"Up, Down", "", "The line above, below"}},
      {{kDown, 0}, &T::down, {}},
      {{kLeft, 0},
       &T::to_parent,
       {"Left, Right", "", "What it goes on from; what goes on from it"}},
      {{kRight, 0}, &T::to_child, {}},
      {{U'[', 0}, &T::to_previous_sibling, {"[, ]", "", "The branch beside it, before or after"}},
      {{U']', 0}, &T::to_next_sibling, {}},
      {{kPageUp, 0}, &T::page_up, {"PageUp, PageDown, Home, End", "", "Further up and down"}},
      {{kPageDown, 0}, &T::page_down, {}},
      {{kHome, 0}, &T::to_first, {}},
      {{kEnd, 0}, &T::to_last, {}},
      {{U'G', 0},
       &T::generate_again,
       {"G", "",
        "Make this node again, as the model made it: the same text, where nothing before "
        "it has changed"}},
      {{U' ', 0}, &T::pick, {"Space", "", "Pick nodes to compare"}},
      {{U'c', 0},
       &T::compare,
       {"c", "c compare", "Side by side: what was picked, or this branch and the manuscript"}},
      {{U'd', 0}, &T::differences, {"d", "", "The same, only the words that differ"}},
      {{U's', 0}, &T::split, {"s", "s split", "Split it in two where you say"}},
      {{U'm', 0}, &T::merge, {"m", "", "Merge it with the one it goes on from"}},
      {{U'v', 0}, &T::move, {"v", "", "Move it, with all below it: then Enter on its new parent"}},
      {{U'h', 0}, &T::hoist, {"h", "", "Show only what goes on from here; again: everything"}},
      {{U'B', 0}, &T::show_marks, {"B", "", "Show only names and bookmarks, or everything"}},
      {{U'l', 0}, &T::show_ends, {"l", "", "Show only where drafts end, or everything"}},
      {{U't', 0}, &T::show_trash, {"t", "t trash", "The trash (Enter there restores), and back"}},
      {{U'e', 0},
       &T::ask_for_export,
       {"e", "", "Export: NAME.txt the text to here, NAME.md every branch, NAME.json the tree"}},
  };
  return commands;
}

TreePage::TreePage(Workspace& w)
    : KeyedPage("Story tree"), w_(w), alive_(std::make_shared<bool>(true)) {
  load(0);
}

// --- what is shown -------------------------------------------------------------------------

void TreePage::load(std::uint32_t skip) {
  const auto take = [this, alive = alive_, skip](const Result<protocol::StoryNodes>& got) {
    if (!*alive) return;
    if (!got) {
      message_ = got.error().message;
      return;
    }
    if (skip == 0) loading_.clear();
    loading_.insert(loading_.end(), got->nodes.begin(), got->nodes.end());
    if (message_ == "loading") message_.clear();
    // A big tree comes in parts: arranged when there is something to see, and when all is there.
    if ((skip == 0 && list_.n_nodes() == 0) || !got->more) arrange();
    if (got->more) load(skip + static_cast<std::uint32_t>(got->nodes.size()));
  };
  if (shown_ == Shown::kTrash) {
    protocol::StoryTrashParams params;
    params.limit = kPageNodes;
    params.skip = skip;
    w_.story.ask(params, take);
  } else {
    protocol::StoryNodesParams params;
    params.limit = kPageNodes;
    params.skip = skip;
    w_.story.ask(params, take);
  }
}

void TreePage::arrange() {
  const std::uint64_t keep = wanted_ ? *wanted_ : chosen() != nullptr ? chosen()->id : kNobody;
  for (const StoryNode& node : loading_) {
    if (node.current) current_ = node.id;
  }
  list_.set(loading_);
  show(shown_);
  const std::size_t row = list_.row_of(keep != kNobody ? keep : current_);
  if (row < list_.size()) cursor_ = row;
  if (chosen() != nullptr && wanted_ == chosen()->id) wanted_.reset();
  show_preview();
}

void TreePage::show(Shown what) {
  const std::uint64_t keep = chosen() != nullptr ? chosen()->id : current_;
  shown_ = what;
  switch (what) {
    case Shown::kTree:
      list_.show_only({});
      break;
    case Shown::kMarks:
      list_.show_only([](const StoryNode& n) { return n.bookmarked || !n.name.empty(); });
      break;
    case Shown::kEnds:
      list_.show_only([](const StoryNode& n) { return n.children == 0; });
      break;
    case Shown::kFound:
      list_.show_only([this](const StoryNode& n) { return matches_.count(n.id) != 0; });
      break;
    case Shown::kTrash:
      list_.show_only([](const StoryNode&) { return true; });
      break;
  }
  const std::size_t row = list_.row_of(keep);
  cursor_ = row < list_.size() ? row : 0;
  show_preview();
}

/// The text that leads to the node under the cursor; in a long book the node's own text.
void TreePage::show_preview() {
  constexpr std::size_t kShortBytes = 200'000;
  constexpr std::size_t kPreviewBytes = 6000;
  const StoryNode* node = chosen();
  if (node == nullptr || preview_of_ == node->id) return;
  preview_of_ = node->id;
  const auto take = [this, alive = alive_, id = node->id](const std::string& text) {
    if (!*alive || id != preview_of_) return;
    std::size_t from = text.size() > kPreviewBytes ? text.size() - kPreviewBytes : 0;
    while (from < text.size() && is_continuation(text[from])) ++from;
    preview_ = text.substr(from);
  };
  if (w_.editor.text().size() > kShortBytes || shown_ == Shown::kTrash) {
    protocol::StoryNodeParams params;
    params.node = node->id;
    w_.story.ask(params, [take](const Result<protocol::StoryNodeResult>& got) {
      if (got && got->node.text) take(*got->node.text);
    });
    return;
  }
  protocol::StoryTextParams params;
  params.node = node->id;
  w_.story.ask(params, [take](const Result<protocol::StoryTextResult>& got) {
    if (got) take(got->text);
  });
}

// --- moving --------------------------------------------------------------------------------

void TreePage::up() {
  cursor_ -= cursor_ > 0 ? 1 : 0;
}
void TreePage::down() {
  cursor_ += cursor_ + 1 < list_.size() ? 1 : 0;
}
void TreePage::page_up() {
  cursor_ -= std::min(cursor_, static_cast<std::size_t>(list_rows_));
}
void TreePage::page_down() {
  to_last_of(cursor_ + static_cast<std::size_t>(list_rows_));
}
void TreePage::to_first() {
  cursor_ = 0;
}
void TreePage::to_last() {
  to_last_of(list_.size());
}
void TreePage::to_last_of(std::size_t row) {
  cursor_ = list_.size() == 0 ? 0 : std::min(row, list_.size() - 1);
}
void TreePage::to_parent() {
  if (chosen() != nullptr) cursor_ = list_.parent_row(cursor_);
}
void TreePage::to_child() {
  if (chosen() != nullptr) cursor_ = list_.child_row(cursor_);
}
void TreePage::to_next_sibling() {
  if (chosen() != nullptr) cursor_ = list_.sibling_row(cursor_, 1);
}
void TreePage::to_previous_sibling() {
  if (chosen() != nullptr) cursor_ = list_.sibling_row(cursor_, -1);
}

// --- operations ----------------------------------------------------------------------------

template <class Params>
void TreePage::apply(Params params, const std::string& what, const std::string& nothing) {
  const auto alive = alive_;
  w_.story.change(std::move(params), [=, this](const Result<StoryChange>& change) {
    if (!*alive) return;
    if (!change) {
      message_ = change.error().message;
      return;
    }
    hoisted_ = change->hoisted;
    message_ = !change->kind.empty() ? what : nothing.empty() ? "Nothing to do" : nothing;
    if (!wanted_ && !change->nodes.empty()) wanted_ = change->nodes.front();
    preview_of_ = kNobody;
    load(0);
  });
}

void TreePage::follow(std::uint64_t node, bool descend, const std::string& what) {
  protocol::StoryChooseParams params;
  params.node = node;
  params.descend = descend;
  Workspace& w = w_;
  w.story.change(params, [&w, what](const Result<StoryChange>& change) {
    if (!change) return w.warn(change.error().message);
    w.edit([](Editor& e) { e.move_to(e.text().size()); });
    w.say(what);
  });
  is_done_ = true;
}

void TreePage::enter() {
  const StoryNode* node = chosen();
  if (node == nullptr) return;
  if (moving_) {
    protocol::StoryMoveParams params;
    params.node = *moving_;
    params.parent = node->id;
    wanted_ = *moving_;
    moving_.reset();
    apply(params, "Moved");
  } else if (shown_ == Shown::kTrash) {
    protocol::StoryRestoreParams params;
    params.node = node->id;
    apply(params, "Restored");
  } else {
    follow(node->id, true, "The manuscript follows this branch; the others stay in the tree (F2)");
  }
}

void TreePage::end_here() {
  if (shown_ == Shown::kTrash || chosen() == nullptr) return;
  follow(chosen()->id, false, "Write on: it becomes another branch");
}

void TreePage::generate() {
  if (shown_ == Shown::kTrash || chosen() == nullptr) return;
  const Settings& settings = w_.settings;
  protocol::StoryGenerateParams params;
  params.node = chosen()->id;
  params.complete =
      completion_request(Text(), 0, static_cast<std::size_t>(settings.alternatives), settings);
  if (w_.ghost.decorate) w_.ghost.decorate(params.complete);
  apply(params, "Written on", "The model has nothing to say here");
  message_ = "writing …";
}

void TreePage::generate_again() {
  if (shown_ == Shown::kTrash || chosen() == nullptr) return;
  protocol::StoryGenerateParams params;
  params.again = chosen()->id;
  apply(params, "Made again; it came out differently", "Made again; it came out the same");
  message_ = "writing …";
}

void TreePage::pick() {
  if (chosen() == nullptr) return;
  if (!picked_.insert(chosen()->id).second) picked_.erase(chosen()->id);
  down();
}

std::vector<std::uint64_t> TreePage::nodes_to_compare() {
  constexpr std::size_t kMost = 4;
  std::vector<std::uint64_t> nodes(picked_.begin(), picked_.end());
  if (nodes.size() < 2 && chosen() != nullptr) {
    const std::uint64_t other = nodes.empty() ? current_ : nodes[0];
    nodes = {other, chosen()->id};
    if (other == chosen()->id) {
      message_ = "Go to another branch to compare it, or pick some with Space";
      return {};
    }
  }
  if (nodes.size() > kMost) nodes.resize(kMost);
  return nodes;
}

void TreePage::compare() {
  protocol::StoryCompareParams params;
  params.nodes = nodes_to_compare();
  if (params.nodes.size() < 2) return;
  w_.story.ask(params, [this, alive = alive_](const Result<protocol::StoryCompareResult>& got) {
    if (!*alive) return;
    if (!got) {
      message_ = got.error().message;
      return;
    }
    open_over(compare_page(got->texts));
  });
}

void TreePage::differences() {
  const std::vector<std::uint64_t> nodes = nodes_to_compare();
  if (nodes.size() < 2) return;
  protocol::StoryDiffParams params;
  params.a = nodes[0];
  params.b = nodes[1];
  w_.story.ask(params, [this, alive = alive_](const Result<protocol::StoryDiffResult>& got) {
    if (!*alive) return;
    if (!got) {
      message_ = got.error().message;
      return;
    }
    open_over(differences_page(got->hunks));
  });
}

void TreePage::name() {
  if (chosen() == nullptr) return;
  prompt_ = Prompt::kName;
  edit_.set(chosen()->name);
}

void TreePage::bookmark() {
  if (chosen() == nullptr) return;
  protocol::StoryMarkParams params;
  params.node = chosen()->id;
  params.bookmarked = !chosen()->bookmarked;
  apply(params, *params.bookmarked ? "Bookmarked" : "Not bookmarked any more");
}

void TreePage::prune() {
  const StoryNode* node = chosen();
  if (node == nullptr || shown_ == Shown::kTrash) return;
  if (!node->parent) {
    message_ = "The beginning cannot be pruned";
    return;
  }
  protocol::StoryPruneParams params;
  params.node = node->id;
  // The branch beside it is the likeliest to be looked at next.
  const std::size_t next = list_.sibling_row(cursor_, 1);
  const std::size_t beside = next != cursor_ ? next : list_.sibling_row(cursor_, -1);
  wanted_ = beside != cursor_ ? list_.at(beside).id : *node->parent;
  picked_.erase(node->id);
  apply(params, "Pruned; t shows the trash, u takes it back");
}

void TreePage::undo() {
  apply(protocol::StoryUndoParams{}, "Undone", "Nothing to undo");
}
void TreePage::redo() {
  apply(protocol::StoryRedoParams{}, "Done again", "Nothing to redo");
}

void TreePage::split() {
  if (chosen() == nullptr || shown_ == Shown::kTrash) return;
  protocol::StoryNodeParams look;
  look.node = chosen()->id;
  w_.story.ask(look, [this, alive = alive_](const Result<protocol::StoryNodeResult>& got) {
    if (!*alive) return;
    if (!got || !got->node.text || got->node.text->empty()) {
      message_ = got ? "There is no text to split" : got.error().message;
      return;
    }
    open_over(split_page(*got->node.text, [this, id = got->node.id](std::size_t offset) {
      protocol::StorySplitParams params;
      params.node = id;
      params.offset = offset;
      apply(params, "Split in two");
    }));
  });
}

void TreePage::merge() {
  if (chosen() == nullptr || shown_ == Shown::kTrash) return;
  protocol::StoryMergeParams params;
  params.node = chosen()->id;
  apply(params, "Merged with what it goes on from");
}

void TreePage::move() {
  if (chosen() == nullptr || shown_ == Shown::kTrash) return;
  moving_ = chosen()->id;
}

void TreePage::hoist() {
  if (chosen() == nullptr || shown_ == Shown::kTrash) return;
  protocol::StoryHoistParams params;
  const bool was_hoisted = hoisted_.has_value();
  if (!was_hoisted) params.node = chosen()->id;
  apply(params, was_hoisted ? "The whole tree" : "What goes on from here; h shows the whole tree");
}

// --- filters and prompts -------------------------------------------------------------------

void TreePage::show_marks() {
  if (shown_ != Shown::kTrash) show(shown_ == Shown::kMarks ? Shown::kTree : Shown::kMarks);
}

void TreePage::show_ends() {
  if (shown_ != Shown::kTrash) show(shown_ == Shown::kEnds ? Shown::kTree : Shown::kEnds);
}

void TreePage::show_trash() {
  shown_ = shown_ == Shown::kTrash ? Shown::kTree : Shown::kTrash;
  list_.set({});
  preview_.clear();
  preview_of_ = kNobody;
  load(0);
}

void TreePage::search() {
  prompt_ = Prompt::kSearch;
  edit_.set({});
}

void TreePage::find_matches(const std::string& query) {
  matches_.clear();
  if (query.empty()) return show(Shown::kTree);
  protocol::StorySearchParams params;
  params.query = query;
  params.limit = 1000;
  w_.story.ask(params, [this, alive = alive_](const Result<protocol::StorySearchResult>& got) {
    if (!*alive) return;
    if (!got) {
      message_ = got.error().message;
      return;
    }
    for (const protocol::StoryMatch& match : got->matches) matches_.insert(match.node);
    if (matches_.empty()) {
      message_ = "Nothing found";
    } else {
      show(Shown::kFound);
    }
  });
}

void TreePage::ask_for_export() {
  prompt_ = Prompt::kExport;
  std::filesystem::path path = w_.document->path();
  edit_.set(path.replace_extension(".tree.md").string());
}

void TreePage::export_to(const std::string& name) {
  const std::filesystem::path path(name);
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    message_ = name + " exists; nothing was written";
    return;
  }
  protocol::StoryExportParams params;
  const std::string ending = path.extension().string();
  params.format = ending == ".json" ? "json" : ending == ".md" ? "markdown" : "text";
  if (params.format == "text" && chosen() != nullptr) params.node = chosen()->id;
  w_.story.ask(
      params, [this, alive = alive_, path](const Result<protocol::StoryExportResult>& got) {
        if (!*alive) return;
        const Status written = got ? replace_file(path, Text(got->text)) : Status(got.error());
        message_ = written ? "Written to " + path.string() : written.error().message;
      });
}

bool TreePage::handle_prompt(const Key& key) {
  if (key == Key{kEscape, 0}) {
    prompt_ = Prompt::kNone;
  } else if (key == Key{kEnter, 0}) {
    const Prompt prompt = std::exchange(prompt_, Prompt::kNone);
    const StoryNode* node = chosen();
    if (prompt == Prompt::kSearch) find_matches(edit_.text());
    if (prompt == Prompt::kExport && !edit_.text().empty()) export_to(edit_.text());
    if (prompt == Prompt::kName && node != nullptr) {
      protocol::StoryMarkParams params;
      params.node = node->id;
      params.name = edit_.text();
      apply(params, "Named");
    }
  } else {
    edit_.handle(key);
  }
  return true;
}

bool TreePage::handle_paste(std::string_view text) {
  if (prompt_ != Prompt::kNone) edit_.insert(text);
  return true;
}

bool TreePage::escape() {
  if (moving_) return moving_.reset(), true;
  if (shown_ == Shown::kTrash) return show_trash(), true;
  if (shown_ != Shown::kTree) return show(Shown::kTree), true;
  if (!picked_.empty()) return picked_.clear(), true;
  return false;
}

bool TreePage::handle_page(const Key& key) {
  if (prompt_ != Prompt::kNone) return handle_prompt(key);
  message_.clear();
  if (key == Key{kEscape, 0}) return escape();
  if (key.code >= kF1 && key.code <= kF12) return false;
  if (!dispatch(table(), *this, key)) return true;
  show_preview();
  return !is_done_;
}

void TreePage::handle_page_mouse(const Mouse& mouse) {
  if (mouse.kind == Mouse::Kind::kWheelUp) up();
  if (mouse.kind == Mouse::Kind::kWheelDown) down();
  const int row = mouse.row - list_top_;
  if (mouse.kind == Mouse::Kind::kPress && row >= 0 && row < list_rows_) {
    const std::size_t at = first_ + static_cast<std::size_t>(row);
    if (at < list_.size()) cursor_ = at;
  }
  show_preview();
}

void open_tree(Workspace& w) {
  w.with_story([&w] { w.open(std::make_unique<TreePage>(w)); });
}

std::vector<KeyHelp> tree_keys() {
  return help_of(TreePage::table());
}

}  // namespace understory::tui
