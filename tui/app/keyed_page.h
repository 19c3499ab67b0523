// A page with keys of its own, which come from one table: the one that dispatches them fills the
// bottom line, the page that F1 opens over it, and the app's help.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tui/app/panel.h"

namespace understory::tui {

/// What keys of a page do, in words.
struct KeyHelp {
  std::string_view keys;   // as the help shows them: "Left, Right"
  std::string_view brief;  // on the bottom line; empty: not there
  std::string_view help;
};

/// A key of page P.
template <class P>
struct PageCommand {
  Key key;
  void (P::*run)();
  KeyHelp help;  // empty where the entry before has it
};

template <class P>
std::vector<KeyHelp> help_of(const std::vector<PageCommand<P>>& table) {
  std::vector<KeyHelp> help;
  for (const PageCommand<P>& command : table) {
    if (!command.help.help.empty()) help.push_back(command.help);
  }
  return help;
}

/// Runs the key's command. False where the table has none.
template <class P>
bool dispatch(const std::vector<PageCommand<P>>& table, P& page, const Key& key) {
  for (const PageCommand<P>& command : table) {
    if (command.key == key) return (page.*command.run)(), true;
  }
  return false;
}

/// As many brief words as fit, "F1 keys" and "Esc" at the end.
Line brief_line(const std::vector<KeyHelp>& help, int columns);
/// Lines for a help page: keys and what they do.
void add_key_lines(std::vector<Line>& lines, const std::vector<KeyHelp>& help, int columns);

class KeyedPage : public Panel {
 public:
  explicit KeyedPage(std::string title) : title_(std::move(title)) {}

  void draw(Frame& frame, int top) final;
  bool handle(const Key& key) final;
  bool handle_mouse(const Mouse& mouse) final;

 protected:
  virtual std::vector<KeyHelp> key_help() const = 0;
  virtual void draw_page(Frame& frame, int top) = 0;
  /// Returns false once the page is done.
  virtual bool handle_page(const Key& key) = 0;
  virtual void handle_page_mouse(const Mouse& mouse) { (void)mouse; }

  /// Something to read or answer, over this page until it is done.
  void open_over(std::unique_ptr<Panel> panel) { over_ = std::move(panel); }
  /// The bottom line: a message where there is one, else the keys.
  void draw_bottom(Frame& frame, const std::string& message) const;

 private:
  std::string title_;
  std::unique_ptr<Panel> over_;
};

}  // namespace understory::tui
