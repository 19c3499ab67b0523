// F4: the author's note and the lorebook of this story, kept in its sidecar.
#include <algorithm>
#include <string>

#include "tui/app/story_pages.h"
#include "tui/app/text_area.h"
#include "tui/app/workspace.h"

namespace understory::tui {
namespace {

class NotesPage : public Panel {
 public:
  explicit NotesPage(Workspace& w) : w_(w) {
    note_.set(w.story.notes);
    lorebook_.set(w.story.lorebook_text);
  }

  void draw(Frame& frame, int top) override {
    const int columns = frame.columns();
    const int left = columns > 40 ? 2 : 0;
    const int width = std::clamp(columns - 2 * left - 1, 1, 100);
    const int last = frame.rows() - 1;
    const int half = std::max((last - top) / 2, 2);
    frame.put(top, left, "Author's note", {in_lorebook_ ? Role::kPanelDim : Role::kTitle});
    note_.draw(frame, top + 1, half - 2, left, width, !in_lorebook_);
    if (note_.text().empty()) {
      frame.put(top + 1, left, "What the model should have read before the text: style, people.",
                {Role::kPanelDim}, columns);
    }
    frame.put(top + half, left, "Lorebook", {in_lorebook_ ? Role::kTitle : Role::kPanelDim});
    const std::size_t n = StorySession::parse_lorebook(lorebook_.text()).size();
    frame.put(top + half, left + 10, std::to_string(n) + (n == 1 ? " entry" : " entries"),
              {Role::kPanelDim});
    lorebook_.draw(frame, top + half + 1, last - top - half - 1, left, width, in_lorebook_);
    if (lorebook_.text().empty()) {
      frame.put(top + half + 1, left,
                "Ann, Annie: what is known where a name occurs. A blank line parts entries.",
                {Role::kPanelDim}, columns);
    }
    frame.put(last, left, "Tab: the other field · Esc: keep and close", {Role::kPanelDim});
  }

  bool handle(const Key& key) override {
    if (key == Key{kEscape, 0} || (key.code >= kF1 && key.code <= kF12)) {
      if (note_.text() != w_.story.notes || lorebook_.text() != w_.story.lorebook_text) {
        w_.story.set_notes(note_.text(), lorebook_.text());
        w_.say("Notes kept with the story");
      }
      return false;
    }
    if (key == Key{kTab, 0}) {
      in_lorebook_ = !in_lorebook_;
    } else {
      (in_lorebook_ ? lorebook_ : note_).handle(key);
    }
    return true;
  }

  bool handle_paste(std::string_view text) override {
    (in_lorebook_ ? lorebook_ : note_).insert(text);
    return true;
  }

 private:
  Workspace& w_;
  TextArea note_;
  TextArea lorebook_;
  bool in_lorebook_ = false;
};

}  // namespace

void open_notes(Workspace& w) {
  w.with_story([&w] { w.open(std::make_unique<NotesPage>(w)); });
}

}  // namespace understory::tui
