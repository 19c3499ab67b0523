// F2: the story tree. A line for each node, the path under the cursor beside or below them, every
// operation a key.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tui/app/keyed_page.h"
#include "tui/app/tree_list.h"
#include "tui/app/workspace.h"

namespace understory::tui {

class TreePage : public KeyedPage {
 public:
  explicit TreePage(Workspace& w);
  ~TreePage() override { *alive_ = false; }

  static const std::vector<PageCommand<TreePage>>& table();
  bool handle_paste(std::string_view text) override;

 protected:
  std::vector<KeyHelp> key_help() const override { return help_of(table()); }
  void draw_page(Frame& frame, int top) override;
  bool handle_page(const Key& key) override;
  void handle_page_mouse(const Mouse& mouse) override;

 private:
  enum class Prompt { kNone, kName, kSearch, kExport };
  enum class Shown { kTree, kMarks, kEnds, kFound, kTrash };

  // --- keys ---
  void up();
  void down();
  void page_up();
  void page_down();
  void to_first();
  void to_last();
  void to_last_of(std::size_t row);
  void to_parent();
  void to_child();
  void to_next_sibling();
  void to_previous_sibling();
  void enter();
  void end_here();
  void generate();
  void generate_again();
  void pick();
  void compare();
  void differences();
  void name();
  void bookmark();
  void show_marks();
  void show_ends();
  void show_trash();
  void search();
  void prune();
  void undo();
  void redo();
  void split();
  void merge();
  void move();
  void hoist();
  void ask_for_export();
  bool escape();  // false: nothing was left to leave but the page

  // --- the tree ---
  const protocol::StoryNode* chosen() const {
    return cursor_ < list_.size() ? &list_.at(cursor_) : nullptr;
  }
  void load(std::uint32_t skip);
  void arrange();
  void show(Shown what);
  void show_preview();
  template <class Params>
  void apply(Params params, const std::string& what, const std::string& nothing = "");
  void follow(std::uint64_t node, bool descend, const std::string& what);
  bool handle_prompt(const Key& key);
  void find_matches(const std::string& query);
  void export_to(const std::string& path);
  /// The picked nodes, or the manuscript's end and the one under the cursor; fewer than two: says
  /// so.
  std::vector<std::uint64_t> nodes_to_compare();

  // --- drawing ---
  std::string title() const;
  Line line_of(std::size_t row, int columns) const;
  void draw_list(Frame& frame, int top, int columns);
  void draw_preview(Frame& frame, int row, int column, int end, int limit);

  Workspace& w_;
  std::shared_ptr<bool> alive_;
  std::vector<protocol::StoryNode> loading_;
  TreeList list_;
  std::size_t cursor_ = 0;
  std::size_t first_ = 0;
  int list_top_ = 0;
  int list_rows_ = 1;
  int left_ = 0;
  std::optional<std::uint64_t> wanted_;  // node to put the cursor on after loading
  std::uint64_t current_ = 0;
  std::optional<std::uint64_t> hoisted_;
  std::optional<std::uint64_t> moving_;
  std::set<std::uint64_t> matches_;
  std::set<std::uint64_t> picked_;
  Shown shown_ = Shown::kTree;
  std::string preview_;
  std::uint64_t preview_of_ = ~std::uint64_t{0};
  std::string message_ = "loading";
  bool is_done_ = false;
  Prompt prompt_ = Prompt::kNone;
  LineEdit edit_;
};

/// A text in which a place is chosen with the arrows; Enter calls back with the offset.
std::unique_ptr<Panel> split_page(const std::string& text, std::function<void(std::size_t)> split);
/// Texts side by side.
std::unique_ptr<Panel> compare_page(std::vector<std::string> texts);
std::unique_ptr<Panel> differences_page(std::vector<protocol::StoryHunk> hunks);

}  // namespace understory::tui
