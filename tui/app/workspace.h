// Everything on the writer's desk: the document, the caret, the view of it, suggestions, and the
// panel that is open. Commands (commands.h) work on it; app.h drives it from the terminal. Draws
// into Frames, and so runs in tests without a terminal.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tui/app/ghost_writer.h"
#include "tui/app/keymap.h"
#include "tui/app/panel.h"
#include "tui/app/settings.h"
#include "tui/app/speller.h"
#include "tui/app/story_session.h"
#include "tui/document/document.h"
#include "tui/editor/editor.h"
#include "tui/editor/search.h"
#include "tui/layout/viewport.h"
#include "tui/link/daemon_link.h"
#include "tui/screen/frame.h"

namespace understory::tui {

class Workspace {
 public:
  Workspace(std::unique_ptr<Document> document, Settings settings, DaemonLink& link);
  ~Workspace();

  Settings settings;
  std::unique_ptr<Document> document;
  Editor editor;
  Viewport view;
  DaemonLink& link;
  GhostWriter ghost;
  StorySession story;
  Keymap keymap;
  std::unique_ptr<Speller> speller;  // null: off
  std::string spelling_problem;
  std::unique_ptr<Panel> panel;
  std::string clipboard;
  std::optional<Search> search;  // whose matches are shown; set while the find bar is open
  Query last_query;
  bool quits = false;
  bool wants_redraw = false;
  bool wants_bell = false;

  /// Gives text to the terminal's clipboard; set by the app.
  std::function<void(std::string_view)> copy_out;

  // --- events ---
  void handle(const Event& event);
  void resize(int rows, int columns);
  /// What is due: suggestions, autosave, a look at the file. `now_ms` since 1970.
  void tick(std::int64_t now_ms);
  /// Until tick() has something to do.
  int wait_ms(std::int64_t now_ms) const;

  Frame draw();

  // --- for commands and panels ---
  void say(std::string message);   // in the status line, until the next key
  void warn(std::string message);  // the same, in the colour of warnings
  void open(std::unique_ptr<Panel> next);
  void type(std::string_view bytes);
  void accept(std::string_view piece);
  void enter();
  /// Runs a change of the text or the caret that ends a suggestion.
  void edit(const std::function<void(Editor&)>& change);
  void erased(const std::function<void(Editor&)>& change);
  bool refuses_edit();  // read-only: says so
  void set_clipboard(std::string text);
  void save();
  void save_as(const std::string& path);
  void quit();
  void open_speller();
  /// Calls `then` once the story tree holds the text as it is; says why where that cannot be.
  void with_story(std::function<void()> then);
  /// Ends the manuscript at the caret; what follows stays in the tree as a branch.
  void branch_here();
  /// Keeps texts as branches that go on from an offset, beside what follows there; then `then`.
  void keep_branches(const Text& text, std::size_t offset,
                     std::vector<protocol::StoryChild> children, std::function<void()> then);
  void follow_caret() { follows_caret_ = true; }
  std::ptrdiff_t session_words() const;
  std::ptrdiff_t today_words() const;
  int columns() const { return columns_; }

 private:
  void handle_key(const Key& key);
  void handle_mouse(const Mouse& mouse);
  void paste(std::string_view text);
  void look_at_file(std::int64_t now_ms);
  void ask_about_file();
  void offer_recovery();
  void link_changed();
  void apply_splice(const protocol::StorySplice& splice);
  StorySession::Provenance provenance_of_ghost();
  void layout();
  void draw_page(Frame& frame);
  struct Mark {
    Range range;  // offsets in the text
    Style style;
  };
  std::vector<Mark> marks_of(const LaidBlock& laid) const;
  void draw_row(Frame& frame, int row, const LaidBlock& laid, std::size_t index,
                const std::vector<Mark>& marks);
  void draw_status(Frame& frame);
  Line status_left() const;
  struct StatusPart {
    int rank;
    std::string text;
    Role role;
  };
  std::vector<StatusPart> status_right() const;
  std::string why_no_suggestion() const;  // empty: nothing is wrong
  Range focus_range() const;
  int text_rows() const;
  int top_rows() const;
  int left_margin() const;

  int rows_ = 24;
  int columns_ = 80;
  Viewport::Page page_;
  bool follows_caret_ = true;
  std::string message_;
  bool message_warns_ = false;
  std::size_t words_at_start_ = 0;
  std::int64_t next_look_ms_ = 0;
  std::int64_t next_words_ms_ = 0;
  std::int64_t saved_at_ms_ = 0;
  bool file_question_open_ = false;
  bool was_ready_ = false;  // the link
  // A second click at the same place takes the word, a third the paragraph.
  std::int64_t clicked_ms_ = 0;
  std::size_t clicked_at_ = 0;
  int clicks_ = 0;
  mutable std::uint64_t today_revision_ = ~std::uint64_t{0};
  mutable std::ptrdiff_t today_words_ = 0;
};

}  // namespace understory::tui
