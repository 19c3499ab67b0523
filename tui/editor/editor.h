// The caret, the selection, and what keys do to the text. Headless: knows rows and columns only
// through the measure it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tui/document/document.h"
#include "tui/editor/smart_typing.h"
#include "tui/text/boundaries.h"

namespace understory::tui {

enum class Motion {
  kLeft,
  kRight,
  kUp,
  kDown,
  kWordLeft,
  kWordRight,
  kSentenceLeft,
  kSentenceRight,
  kParagraphUp,
  kParagraphDown,
  kRowStart,
  kRowEnd,
  kPageUp,
  kPageDown,
  kTextStart,
  kTextEnd,
};

class Editor {
 public:
  explicit Editor(Document& document) : document_(document) {}

  /// Called after each change, with what moves what stands behind it: offset, removed and inserted
  /// bytes.
  std::function<void(std::size_t, std::size_t, std::size_t)> on_change;

  const Text& text() const { return document_.text(); }
  Document& document() { return document_; }
  std::size_t caret() const { return caret_; }
  Range selection() const;  // empty where nothing is selected
  bool has_selection() const { return anchor_ && *anchor_ != caret_; }

  /// What rows are for kUp, kDown, kRowStart, kRowEnd and pages.
  void set_view(int measure, int page_rows);

  void move(Motion motion, bool selects);
  /// To an offset, put onto a character's beginning.
  void move_to(std::size_t offset, bool selects = false);
  void select(Range range);
  void select_all() { select({0, text().size()}); }
  void clear_selection() { anchor_.reset(); }

  /// What was typed on the keyboard: joins the step before it, replaces the selection.
  void type(std::string_view bytes, const SmartTyping& smart);
  /// Text from elsewhere, a step of its own; line ends become the document's.
  void insert(std::string_view bytes);
  /// A taken suggestion: as insert(), but `joins` makes one step with what was taken before.
  void accept(std::string_view bytes, bool joins);
  void enter();
  void erase_left();
  void erase_right();
  void erase_word_left();
  void erase_word_right();
  /// To the end of the paragraph, or the line end itself where the caret is there.
  std::string cut_to_paragraph_end();
  std::string copy() const;  // the selection
  std::string cut();
  /// Replaces a range in one step and puts the caret behind it.
  void replace(Range range, std::string_view bytes);
  /// Makes the whole text another in one step that touches what differs.
  void replace_all(const Text& text);

  bool undo() { return travel(&Document::undo); }
  bool redo() { return travel(&Document::redo); }
  bool earlier() { return travel(&Document::earlier); }
  bool later() { return travel(&Document::later); }
  /// After the document changed by itself (recovery, reload): puts the caret back into it.
  void text_replaced(std::size_t caret);

 private:
  bool travel(std::optional<std::size_t> (Document::*step)());
  void change(Range range, std::string_view bytes, bool joins);
  void note_typing();
  bool continues_typing() const;
  std::size_t target_of(Motion motion) const;
  std::size_t row_target(Motion motion);
  std::string with_line_breaks(std::string_view bytes) const;

  Document& document_;
  std::size_t caret_ = 0;
  std::optional<std::size_t> anchor_;
  std::optional<int> wanted_column_;  // while moving up and down
  int measure_ = 72;
  int page_rows_ = 20;
  std::uint64_t typed_revision_ = 0;  // of the document after the last typed character
  std::int64_t typed_at_ms_ = 0;
};

}  // namespace understory::tui
