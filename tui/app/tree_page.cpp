// F2: the story tree. A line for each node, the path under the cursor below, every operation a key.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tui/app/story_pages.h"
#include "tui/app/workspace.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

using protocol::StoryChange;
using protocol::StoryNode;

constexpr std::uint32_t kPageNodes = 1000;  // asked for at a time

class TreePage : public Panel {
 public:
  explicit TreePage(Workspace& w) : w_(w), alive_(std::make_shared<bool>(true)) { load(0); }
  ~TreePage() override { *alive_ = false; }

  void draw(Frame& frame, int top) override;
  bool handle(const Key& key) override;
  bool handle_mouse(const Mouse& mouse) override;

 private:
  enum class Prompt { kNone, kName, kSearch };

  const StoryNode* chosen() const {
    return cursor_ < shown_.size() ? &nodes_[shown_[cursor_]] : nullptr;
  }
  void load(std::uint32_t skip);
  void arrange();
  void move_cursor_to(std::uint64_t id);
  void show_preview();
  template <class Params>
  void apply(Params params, const std::string& what);
  bool handle_prompt(const Key& key);
  bool run(char32_t key, const StoryNode& node);
  void find_matches(const std::string& query);
  void generate(const StoryNode& node, bool again);
  void compare(const StoryNode& node);
  Line line_of(std::size_t index) const;
  std::size_t row_of(std::uint64_t id) const;

  Workspace& w_;
  std::shared_ptr<bool> alive_;
  std::vector<StoryNode> nodes_;    // parents first
  std::vector<int> indents_;        // of nodes_
  std::vector<std::size_t> shown_;  // indices into nodes_
  std::size_t cursor_ = 0;          // into shown_
  std::size_t first_ = 0;
  int list_top_ = 0;
  int list_rows_ = 1;
  std::optional<std::uint64_t> wanted_;  // node to put the cursor on after loading
  std::uint64_t current_ = 0;
  std::optional<std::uint64_t> hoisted_;
  std::optional<std::uint64_t> moving_;
  std::set<std::uint64_t> matches_;
  bool shows_trash_ = false;
  bool only_marked_ = false;
  std::string preview_;
  std::uint64_t preview_of_ = ~std::uint64_t{0};
  std::string message_ = "loading";
  Prompt prompt_ = Prompt::kNone;
  LineEdit edit_;
};

void TreePage::load(std::uint32_t skip) {
  const auto alive = alive_;
  const auto take = [this, alive, skip](const Result<protocol::StoryNodes>& got) {
    if (!*alive) return;
    if (!got) {
      message_ = got.error().message;
      return;
    }
    if (skip == 0) nodes_.clear();
    nodes_.insert(nodes_.end(), got->nodes.begin(), got->nodes.end());
    if (message_ == "loading") message_.clear();
    // A big tree comes in parts: arranged when there is something to see, and when all is there.
    if (skip == 0 || !got->more) arrange();
    if (got->more) load(skip + static_cast<std::uint32_t>(got->nodes.size()));
  };
  if (shows_trash_) {
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

/// Indents at forks only: a chain of single children stays in its column.
void TreePage::arrange() {
  const std::uint64_t keep = wanted_ ? *wanted_ : chosen() ? chosen()->id : ~std::uint64_t{0};
  indents_.assign(nodes_.size(), 0);
  std::map<std::uint64_t, std::size_t> index_of;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    index_of[nodes_[i].id] = i;
    if (nodes_[i].current) current_ = nodes_[i].id;
    if (!nodes_[i].parent) continue;
    const auto parent = index_of.find(*nodes_[i].parent);
    if (parent == index_of.end()) continue;
    indents_[i] = indents_[parent->second] + (nodes_[parent->second].children > 1 ? 1 : 0);
  }
  shown_.clear();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const bool is_marked = nodes_[i].bookmarked || !nodes_[i].name.empty();
    if (only_marked_ && !is_marked) continue;
    if (!matches_.empty() && matches_.count(nodes_[i].id) == 0) continue;
    shown_.push_back(i);
  }
  cursor_ = std::min(cursor_, shown_.empty() ? 0 : shown_.size() - 1);
  if (keep != ~std::uint64_t{0}) {
    move_cursor_to(keep);
  } else {
    move_cursor_to(current_);
  }
  if (chosen() != nullptr && wanted_ == chosen()->id) wanted_.reset();
  show_preview();
}

std::size_t TreePage::row_of(std::uint64_t id) const {
  for (std::size_t i = 0; i < shown_.size(); ++i) {
    if (nodes_[shown_[i]].id == id) return i;
  }
  return shown_.size();
}

void TreePage::move_cursor_to(std::uint64_t id) {
  const std::size_t row = row_of(id);
  if (row < shown_.size()) cursor_ = row;
}

/// The text that leads to the node under the cursor; in a long book the node's own text.
void TreePage::show_preview() {
  constexpr std::size_t kShortBytes = 200'000;
  constexpr std::size_t kPreviewBytes = 6000;
  const StoryNode* node = chosen();
  if (node == nullptr || shows_trash_ || preview_of_ == node->id) return;
  preview_of_ = node->id;
  const auto show = [this, alive = alive_, id = node->id](const std::string& text) {
    if (!*alive || id != preview_of_) return;
    std::size_t from = text.size() > kPreviewBytes ? text.size() - kPreviewBytes : 0;
    while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80) ++from;
    preview_ = text.substr(from);
  };
  if (w_.editor.text().size() > kShortBytes) {
    protocol::StoryNodeParams params;
    params.node = node->id;
    w_.story.ask(params, [show](const Result<protocol::StoryNodeResult>& got) {
      if (got && got->node.text) show(*got->node.text);
    });
    return;
  }
  protocol::StoryTextParams params;
  params.node = node->id;
  w_.story.ask(params, [show](const Result<protocol::StoryTextResult>& got) {
    if (got) show(got->text);
  });
}

template <class Params>
void TreePage::apply(Params params, const std::string& what) {
  const auto alive = alive_;
  w_.story.change(std::move(params), [this, alive, what](const Result<StoryChange>& change) {
    if (!*alive) return;
    if (!change) {
      message_ = change.error().message;
      return;
    }
    hoisted_ = change->hoisted;
    message_ = change->kind.empty() ? "Nothing to do" : what;
    if (!change->nodes.empty()) wanted_ = change->nodes.front();
    preview_of_ = ~std::uint64_t{0};
    load(0);
  });
}

Line TreePage::line_of(std::size_t index) const {
  const StoryNode& node = nodes_[index];
  Line line;
  std::string head = node.current ? "▶" : node.on_path ? "│" : " ";
  head += node.bookmarked ? "★" : " ";
  line.push_back({head, {Role::kKeyName}});
  line.push_back(
      {std::string(static_cast<std::size_t>(std::min(indents_[index], 20)) * 2, ' '), {}});
  line.push_back({node.origin == "model"    ? "◇ "
                  : node.origin == "edited" ? "◈ "
                                            : "· ",
                  {Role::kPanelDim}});
  if (!node.name.empty()) line.push_back({"[" + node.name + "] ", {Role::kTitle}});
  std::string words = node.preview;
  std::replace(words.begin(), words.end(), '\n', ' ');
  if (words.find_first_not_of(' ') == std::string::npos) {
    words = node.parent ? "(empty)" : "(beginning)";
  }
  const Role role = node.origin == "model"    ? Role::kFromModel
                    : node.origin == "edited" ? Role::kEdited
                                              : Role::kPanel;
  line.push_back({words, {role, node.on_path, false, false}});
  return line;
}

void TreePage::draw(Frame& frame, int top) {
  const int columns = frame.columns();
  std::string title = shows_trash_ ? "Trash" : "Story tree";
  if (hoisted_) title += ", from a branch";
  if (only_marked_) title += ", bookmarks";
  if (!matches_.empty()) title += ", found " + std::to_string(matches_.size());
  title += "  " + std::to_string(nodes_.size());
  frame.put(top, 0, title, {Role::kTitle});
  const int last = frame.rows() - 1;
  const bool has_preview = frame.rows() >= 14 && !shows_trash_;
  const int preview_rows = has_preview ? std::max((last - top) / 3, 3) : 0;
  list_top_ = top + 1;
  list_rows_ = std::max(last - preview_rows - list_top_, 1);
  const auto rows = static_cast<std::size_t>(list_rows_);
  first_ = std::clamp(first_, cursor_ >= rows ? cursor_ - rows + 1 : 0, cursor_);
  for (std::size_t i = 0; i < rows && first_ + i < shown_.size(); ++i) {
    const std::size_t index = shown_[first_ + i];
    const StoryNode& node = nodes_[index];
    const int row = list_top_ + static_cast<int>(i);
    std::string tail = "d" + std::to_string(node.depth);
    if (node.mean_logprob) {
      tail = std::to_string(static_cast<int>(100 * std::exp(*node.mean_logprob))) + "% " + tail;
    }
    const int tail_width = columns >= 50 ? display_width(tail) + 1 : 0;
    put_line(frame, row, 0, line_of(index), columns - tail_width);
    if (tail_width > 0) frame.put(row, columns - tail_width + 1, tail, {Role::kPanelDim});
    if (first_ + i == cursor_) {
      frame.restyle(row, 0, columns, {Role::kPanelChosen});
      frame.set_cursor(row, 0);
    }
  }
  if (has_preview) {
    const int from = last - preview_rows;
    for (int column = 0; column < columns; ++column)
      frame.put(from, column, "─", {Role::kPanelDim});
    std::vector<std::string> lines = fold(preview_, std::min(columns - 2, 100));
    const int room = preview_rows - 1;
    const std::size_t skip = lines.size() > static_cast<std::size_t>(room)
                                 ? lines.size() - static_cast<std::size_t>(room)
                                 : 0;
    for (std::size_t i = skip; i < lines.size(); ++i) {
      frame.put(from + 1 + static_cast<int>(i - skip), 1, lines[i], {Role::kPanel});
    }
  }
  if (prompt_ != Prompt::kNone) {
    const int column =
        frame.put(last, 0, prompt_ == Prompt::kName ? "Name: " : "Search: ", {Role::kKeyName});
    edit_.draw(frame, last, column, columns, true);
    return;
  }
  const std::string help =
      moving_ ? "Enter: move below this one · Esc"
      : shows_trash_
          ? "Enter restore · t back to the tree"
          : "Enter go · g write on · G again · n name · b mark · B marks · x prune · "
            "t trash · u/U undo/redo · s split · m merge · v move · h hoist · c compare · "
            "/ find · Esc";
  frame.put(last, 0, message_.empty() ? help : message_,
            {message_.empty() ? Role::kPanelDim : Role::kStatusWarn});
}

bool TreePage::handle_mouse(const Mouse& mouse) {
  if (mouse.kind == Mouse::Kind::kWheelUp) return handle({kUp, 0});
  if (mouse.kind == Mouse::Kind::kWheelDown) return handle({kDown, 0});
  const int row = mouse.row - list_top_;
  if (mouse.kind == Mouse::Kind::kPress && row >= 0 && row < list_rows_) {
    const std::size_t at = first_ + static_cast<std::size_t>(row);
    if (at < shown_.size()) cursor_ = at;
    show_preview();
  }
  return true;
}

bool TreePage::handle_prompt(const Key& key) {
  if (key == Key{kEscape, 0}) {
    prompt_ = Prompt::kNone;
  } else if (key == Key{kEnter, 0}) {
    const StoryNode* node = chosen();
    if (prompt_ == Prompt::kName && node != nullptr) {
      protocol::StoryMarkParams params;
      params.node = node->id;
      params.name = edit_.text();
      apply(params, "Named");
    } else if (prompt_ == Prompt::kSearch) {
      find_matches(edit_.text());
    }
    prompt_ = Prompt::kNone;
  } else {
    edit_.handle(key);
  }
  return true;
}

void TreePage::find_matches(const std::string& query) {
  matches_.clear();
  if (query.empty()) return arrange();
  protocol::StorySearchParams params;
  params.query = query;
  params.limit = 1000;
  const auto alive = alive_;
  w_.story.ask(params, [this, alive](const Result<protocol::StorySearchResult>& got) {
    if (!*alive) return;
    if (!got) {
      message_ = got.error().message;
      return;
    }
    for (const protocol::StoryMatch& match : got->matches) matches_.insert(match.node);
    if (matches_.empty()) message_ = "Nothing found";
    arrange();
  });
}

void TreePage::generate(const StoryNode& node, bool again) {
  protocol::StoryGenerateParams params;
  if (again) {
    params.again = node.id;
  } else {
    params.node = node.id;
    params.complete.n = static_cast<std::uint32_t>(w_.settings.alternatives);
    params.complete.max_tokens = static_cast<std::uint32_t>(w_.settings.max_tokens);
    params.complete.until = w_.settings.until;
    params.complete.temperature = static_cast<float>(w_.settings.temperature);
    params.complete.min_p = static_cast<float>(w_.settings.min_p);
    if (w_.ghost.decorate) w_.ghost.decorate(params.complete);
  }
  apply(params, again ? "Made again" : "Written on");
  message_ = "writing …";
}

void TreePage::compare(const StoryNode& node) {
  if (node.id == current_) {
    message_ = "This is the manuscript; choose another branch to compare";
    return;
  }
  protocol::StoryCompareParams params;
  params.nodes = {current_, node.id};
  Workspace& w = w_;
  w_.story.ask(params, [&w](const Result<protocol::StoryCompareResult>& got) {
    if (!got || got->texts.size() < 2) return;
    const std::vector<std::string> texts = got->texts;
    w.open(std::make_unique<TextPanel>("Manuscript and branch", [texts](int columns) {
      const int width = (columns - 3) / 2;
      const std::vector<std::string> a = fold(texts[0], width);
      const std::vector<std::string> b = fold(texts[1], width);
      std::vector<Line> lines;
      for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
        std::string left = i < a.size() ? a[i] : "";
        left +=
            std::string(static_cast<std::size_t>(std::max(width - display_width(left), 0)), ' ');
        lines.push_back({{left, {Role::kPanel}},
                         {" │ ", {Role::kPanelDim}},
                         {i < b.size() ? b[i] : "", {Role::kFromModel}}});
      }
      return lines;
    }));
  });
}

bool TreePage::run(char32_t key, const StoryNode& node) {
  switch (key) {
    case U'g':
    case U'G':
      generate(node, key == U'G');
      break;
    case U'n':
      prompt_ = Prompt::kName;
      edit_.set(node.name);
      break;
    case U'b': {
      protocol::StoryMarkParams params;
      params.node = node.id;
      params.bookmarked = !node.bookmarked;
      apply(params, node.bookmarked ? "Mark taken off" : "Marked");
      break;
    }
    case U'x': {
      protocol::StoryPruneParams params;
      params.node = node.id;
      if (node.parent) wanted_ = node.parent;
      apply(params, "Pruned; t shows the trash, u takes it back");
      break;
    }
    case U'm': {
      protocol::StoryMergeParams params;
      params.node = node.id;
      apply(params, "Merged with the one above");
      break;
    }
    case U's': {
      // Where its first sentence ends.
      protocol::StorySplitParams params;
      params.node = node.id;
      params.offset = first_sentence_length(node.preview);
      apply(params, "Split after the first sentence");
      break;
    }
    case U'v':
      moving_ = node.id;
      break;
    case U'h': {
      protocol::StoryHoistParams params;
      if (!hoisted_) params.node = node.id;
      apply(params, hoisted_ ? "The whole tree" : "From here");
      break;
    }
    case U'c':
      compare(node);
      break;
    default:
      break;
  }
  return true;
}

bool TreePage::handle(const Key& key) {
  if (prompt_ != Prompt::kNone) return handle_prompt(key);
  message_.clear();
  const StoryNode* node = chosen();
  const auto page = static_cast<std::size_t>(list_rows_);
  const std::size_t n = shown_.size();
  switch (key.code) {
    case kUp:
      cursor_ -= cursor_ > 0 ? 1 : 0;
      break;
    case kDown:
      cursor_ += cursor_ + 1 < n ? 1 : 0;
      break;
    case kPageUp:
      cursor_ -= std::min(cursor_, page);
      break;
    case kPageDown:
      cursor_ = n == 0 ? 0 : std::min(cursor_ + page, n - 1);
      break;
    case kHome:
      cursor_ = 0;
      break;
    case kEnd:
      cursor_ = n == 0 ? 0 : n - 1;
      break;
    case kLeft:
      if (node != nullptr && node->parent) move_cursor_to(*node->parent);
      break;
    case kRight:
      for (std::size_t i = cursor_ + 1; node != nullptr && i < n; ++i) {
        if (nodes_[shown_[i]].parent != node->id) continue;
        cursor_ = i;
        break;
      }
      break;
    case kEscape:
      if (moving_) {
        moving_.reset();
        break;
      }
      if (!matches_.empty() || only_marked_) {
        matches_.clear();
        only_marked_ = false;
        arrange();
        break;
      }
      return false;
    case kEnter: {
      if (node == nullptr) break;
      if (moving_) {
        protocol::StoryMoveParams params;
        params.node = *moving_;
        params.parent = node->id;
        moving_.reset();
        apply(params, "Moved");
      } else if (shows_trash_) {
        protocol::StoryRestoreParams params;
        params.node = node->id;
        apply(params, "Restored");
      } else {
        protocol::StoryChooseParams params;
        params.node = node->id;
        Workspace& w = w_;
        w_.story.change(params, [&w](const Result<StoryChange>& change) {
          if (!change) return w.warn(change.error().message);
          w.edit([](Editor& e) { e.move_to(e.text().size()); });
          w.say("The manuscript follows this branch; the other stays in the tree");
        });
        return false;
      }
      break;
    }
    default:
      if (key.code >= kF1 && key.code <= kF12) return false;
      if (key == Key{U'/', 0}) {
        prompt_ = Prompt::kSearch;
        edit_.set({});
      } else if (key == Key{U't', 0}) {
        shows_trash_ = !shows_trash_;
        nodes_.clear();
        load(0);
      } else if (key == Key{U'B', 0}) {
        only_marked_ = !only_marked_;
        arrange();
      } else if (key == Key{U'u', 0}) {
        apply(protocol::StoryUndoParams{}, "Undone");
      } else if (key == Key{U'U', 0}) {
        apply(protocol::StoryRedoParams{}, "Done again");
      } else if (node != nullptr && key.modifiers == 0) {
        return run(key.code, *node);
      }
      return true;
  }
  show_preview();
  return true;
}

}  // namespace

void open_tree(Workspace& w) {
  w.with_story([&w] { w.open(std::make_unique<TreePage>(w)); });
}

}  // namespace understory::tui
