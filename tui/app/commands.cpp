// The table of commands: what each key does, in the words of the help page.
#include "tui/app/keymap.h"
#include "tui/app/pages.h"
#include "tui/app/story_pages.h"
#include "tui/app/workspace.h"

namespace understory::tui {
namespace {

template <Motion motion, bool selects>
void move(Workspace& w) {
  w.edit([](Editor& e) { e.move(motion, selects); });
}

void take_word_or_move(Workspace& w) {
  if (w.ghost.is_showing()) return w.accept(w.ghost.take_word());
  move<Motion::kWordRight, false>(w);
}

void take_sentence_or_move(Workspace& w) {
  if (w.ghost.is_showing()) return w.accept(w.ghost.take_sentence());
  move<Motion::kParagraphDown, false>(w);
}

void take_all_or_indent(Workspace& w) {
  if (w.ghost.is_showing()) return w.accept(w.ghost.take_all());
  const Text& text = w.editor.text();
  const std::size_t caret = w.editor.caret();
  if (caret == text.line_start(text.line_of(caret))) return w.type("\t");
  if (!w.ghost.is_asking()) w.say("No suggestion here yet; Alt-\\ asks for one");
}

void dismiss(Workspace& w) {
  if (w.ghost.suggestion().is_open()) return w.ghost.dismiss();
  w.editor.clear_selection();
}

void ask(Workspace& w) {
  if (w.refuses_edit()) return;
  w.editor.clear_selection();
  w.ghost.ask(w.editor.text(), w.editor.caret());
}

void next_alternative(Workspace& w) {
  if (!w.ghost.suggestion().is_open()) return ask(w);
  w.ghost.go(1, w.editor.text());
}
void previous_alternative(Workspace& w) {
  w.ghost.go(-1, w.editor.text());
}

void toggle_suggestions(Workspace& w) {
  w.ghost.set_on(!w.ghost.is_on());
  w.say(w.ghost.is_on() ? "Suggestions come after a pause" : "Suggestions come only with Alt-\\");
}

void save(Workspace& w) {
  w.save();
}
void save_as(Workspace& w) {
  w.open(std::make_unique<InputBar>("Save as:", w.document->path().string(),
                                    [&w](const std::string& path) { w.save_as(path); }));
}
void quit(Workspace& w) {
  w.quit();
}
void undo(Workspace& w) {
  w.edit([&w](Editor& e) {
    if (!e.undo()) w.say("Nothing to undo");
  });
}
void redo(Workspace& w) {
  w.edit([&w](Editor& e) {
    if (!e.redo()) w.say("Nothing to redo");
  });
}
void earlier(Workspace& w) {
  w.edit([&w](Editor& e) { w.say(e.earlier() ? "One step earlier" : "This is the first state"); });
}
void later(Workspace& w) {
  w.edit([&w](Editor& e) { w.say(e.later() ? "One step later" : "This is the latest state"); });
}

void cut(Workspace& w) {
  if (w.refuses_edit()) return;
  if (!w.editor.has_selection()) return w.say("Select something first (Shift and arrows)");
  w.edit([&w](Editor& e) { w.set_clipboard(e.cut()); });
}
void copy(Workspace& w) {
  if (!w.editor.has_selection()) return w.say("Select something first (Shift and arrows)");
  w.set_clipboard(w.editor.copy());
  w.say("Copied");
}
void paste(Workspace& w) {
  if (w.refuses_edit()) return;
  w.edit([&w](Editor& e) { e.insert(w.clipboard); });
}
void cut_to_end(Workspace& w) {
  if (w.refuses_edit()) return;
  w.edit([&w](Editor& e) { w.set_clipboard(e.cut_to_paragraph_end()); });
}
void select_all(Workspace& w) {
  w.edit([](Editor& e) { e.select_all(); });
}
void select_paragraph(Workspace& w) {
  w.edit([](Editor& e) { e.select(paragraph_at(e.text(), e.caret())); });
}

void enter(Workspace& w) {
  w.enter();
}
void erase_left(Workspace& w) {
  w.erased([](Editor& e) { e.erase_left(); });
}
void erase_word_left(Workspace& w) {
  w.erased([](Editor& e) { e.erase_word_left(); });
}
void erase_right(Workspace& w) {
  if (!w.refuses_edit()) w.edit([](Editor& e) { e.erase_right(); });
}
void erase_word_right(Workspace& w) {
  if (!w.refuses_edit()) w.edit([](Editor& e) { e.erase_word_right(); });
}

void find(Workspace& w) {
  w.open(find_bar(w, false));
}
void replace(Workspace& w) {
  if (!w.refuses_edit()) w.open(find_bar(w, true));
}
void find_next(Workspace& w) {
  find_again(w, true);
}
void find_previous(Workspace& w) {
  find_again(w, false);
}
void outline(Workspace& w) {
  w.open(outline_page(w));
}
void help(Workspace& w) {
  w.open(help_page(w));
}
void statistics(Workspace& w) {
  w.open(statistics_page(w));
}
void spelling(Workspace& w) {
  open_spelling(w);
}

void toggle_spelling(Workspace& w) {
  if (w.speller) {
    w.speller.reset();
    return w.say("Spelling is not checked");
  }
  w.open_speller();
  if (w.speller) {
    w.say("Spelling is checked; F7 on a word shows suggestions");
  } else {
    w.warn(w.spelling_problem);
  }
}

void cycle_focus(Workspace& w) {
  FocusMode& focus = w.settings.focus;
  focus = focus == FocusMode::kOff         ? FocusMode::kParagraph
          : focus == FocusMode::kParagraph ? FocusMode::kSentence
                                           : FocusMode::kOff;
  w.say(focus == FocusMode::kOff         ? "Focus: everything"
        : focus == FocusMode::kParagraph ? "Focus: this paragraph"
                                         : "Focus: this sentence");
}
void toggle_typewriter(Workspace& w) {
  w.settings.typewriter = !w.settings.typewriter;
  w.follow_caret();
  w.say(w.settings.typewriter ? "Typewriter scrolling: your line stays in the middle"
                              : "Typewriter scrolling is off");
}
void toggle_smart(Workspace& w) {
  const bool on = !w.settings.smart_quotes;
  w.settings.smart_quotes = on;
  w.settings.smart_dashes = on;
  w.say(on ? "Quotes, dashes and ellipses become typographic" : "Quotes and dashes stay as typed");
}
void narrower(Workspace& w) {
  w.settings.measure = std::max(w.settings.measure - 4, 20);
  w.resize(0, 0);
}
void wider(Workspace& w) {
  w.settings.measure = std::min(w.settings.measure + 4, 400);
  w.resize(0, 0);
}
void redraw(Workspace& w) {
  w.wants_redraw = true;
}

void alternatives(Workspace& w) {
  open_alternatives(w);
}
void tree(Workspace& w) {
  open_tree(w);
}
void tokens(Workspace& w) {
  open_tokens(w);
}
void branch_here(Workspace& w) {
  w.branch_here();
}
void notes(Workspace& w) {
  open_notes(w);
}

}  // namespace

const std::vector<Command>& commands() {
  constexpr std::string_view kSuggest = "Suggestions";
  constexpr std::string_view kBranch = "Branches";
  constexpr std::string_view kFile = "File";
  constexpr std::string_view kEdit = "Editing";
  constexpr std::string_view kMove = "Moving (with Shift: selecting)";
  constexpr std::string_view kFind = "Finding";
  constexpr std::string_view kView = "The page";
  static const std::vector<Command> table = {
      {"take-all", "Tab", kSuggest, "Take the whole suggestion", take_all_or_indent},
      {"take-word", "Ctrl-Right", kSuggest, "Take its next word (else: a word right)",
       take_word_or_move},
      {"take-sentence", "Ctrl-Down", kSuggest, "Take its next sentence (else: a paragraph down)",
       take_sentence_or_move},
      {"dismiss", "Esc", kSuggest, "Let the suggestion go", dismiss},
      {"next-alternative", "Alt-] Alt-.", kSuggest, "Another suggestion", next_alternative},
      {"previous-alternative", "Alt-[ Alt-,", kSuggest, "The one before", previous_alternative},
      {"ask", "Alt-\\", kSuggest, "Ask for a suggestion now", ask},
      {"suggestions", "Alt-G", kSuggest, "Suggestions by themselves: on or off",
       toggle_suggestions},

      {"alternatives", "Alt-Enter", kBranch, "Several continuations side by side, to pick from",
       alternatives},
      {"tree", "F2", kBranch, "The story tree", tree},
      {"branch", "Alt-B", kBranch, "Branch here: what follows stays in the tree, write another way",
       branch_here},
      {"tokens", "F3", kBranch, "Probabilities word by word, and what else it could have been",
       tokens},
      {"notes", "F4", kBranch, "Author's note and lorebook", notes},

      {"save", "Ctrl-S", kFile, "Save", save},
      {"save-as", "Alt-S", kFile, "Save under another name", save_as},
      {"quit", "Ctrl-Q", kFile, "Leave", quit},

      {"undo", "Ctrl-Z", kEdit, "Undo, as far back as you like", undo},
      {"redo", "Ctrl-Y", kEdit, "Redo", redo},
      {"earlier", "Alt-Z", kEdit, "One step earlier, also in what was undone and typed over",
       earlier},
      {"later", "Alt-Y", kEdit, "One step later", later},
      {"cut", "Ctrl-X", kEdit, "Cut", cut},
      {"copy", "Ctrl-C", kEdit, "Copy", copy},
      {"paste", "Ctrl-V", kEdit, "Paste", paste},
      {"cut-to-end", "Ctrl-K", kEdit, "Cut to the end of the paragraph", cut_to_end},
      {"select-all", "Ctrl-A", kEdit, "Select everything", select_all},
      {"select-paragraph", "Alt-A", kEdit, "Select the paragraph", select_paragraph},
      {"new-line", "Enter", kEdit, "A new paragraph", enter},
      {"erase-left", "Backspace", kEdit, "Erase to the left", erase_left},
      {"erase-right", "Delete Ctrl-D", kEdit, "Erase to the right", erase_right},
      {"erase-word-left", "Ctrl-W Alt-Backspace Ctrl-H Ctrl-Backspace Ctrl-Alt-H", kEdit,
       "Erase the word to the left", erase_word_left},
      {"erase-word-right", "Ctrl-Delete Alt-D Alt-Delete", kEdit, "Erase the word to the right",
       erase_word_right},

      {"left", "Left", kMove, "Left", move<Motion::kLeft, false>},
      {"right", "Right", kMove, "Right", move<Motion::kRight, false>},
      {"up", "Up", kMove, "Up", move<Motion::kUp, false>},
      {"down", "Down", kMove, "Down", move<Motion::kDown, false>},
      {"word-left", "Ctrl-Left Alt-Left", kMove, "Word left", move<Motion::kWordLeft, false>},
      {"word-right", "Alt-Right", kMove, "Word right", move<Motion::kWordRight, false>},
      {"sentence-left", "Alt-Up", kMove, "Sentence left", move<Motion::kSentenceLeft, false>},
      {"sentence-right", "Alt-Down", kMove, "Sentence right", move<Motion::kSentenceRight, false>},
      {"paragraph-up", "Ctrl-Up", kMove, "Paragraph up", move<Motion::kParagraphUp, false>},
      {"paragraph-down", "Alt-N", kMove, "Paragraph down", move<Motion::kParagraphDown, false>},
      {"row-start", "Home", kMove, "Start of the row", move<Motion::kRowStart, false>},
      {"row-end", "End Ctrl-E", kMove, "End of the row", move<Motion::kRowEnd, false>},
      {"page-up", "PageUp", kMove, "Page up", move<Motion::kPageUp, false>},
      {"page-down", "PageDown", kMove, "Page down", move<Motion::kPageDown, false>},
      {"text-start", "Ctrl-Home Alt-Home", kMove, "Start of the text",
       move<Motion::kTextStart, false>},
      {"text-end", "Ctrl-End Alt-End", kMove, "End of the text", move<Motion::kTextEnd, false>},
      {"select-left", "Shift-Left", kMove, "", move<Motion::kLeft, true>},
      {"select-right", "Shift-Right", kMove, "", move<Motion::kRight, true>},
      {"select-up", "Shift-Up", kMove, "", move<Motion::kUp, true>},
      {"select-down", "Shift-Down", kMove, "", move<Motion::kDown, true>},
      {"select-word-left", "Ctrl-Shift-Left Alt-Shift-Left", kMove, "",
       move<Motion::kWordLeft, true>},
      {"select-word-right", "Ctrl-Shift-Right Alt-Shift-Right", kMove, "",
       move<Motion::kWordRight, true>},
      {"select-sentence-left", "Alt-Shift-Up", kMove, "", move<Motion::kSentenceLeft, true>},
      {"select-sentence-right", "Alt-Shift-Down", kMove, "", move<Motion::kSentenceRight, true>},
      {"select-paragraph-up", "Ctrl-Shift-Up", kMove, "", move<Motion::kParagraphUp, true>},
      {"select-paragraph-down", "Ctrl-Shift-Down", kMove, "", move<Motion::kParagraphDown, true>},
      {"select-row-start", "Shift-Home", kMove, "", move<Motion::kRowStart, true>},
      {"select-row-end", "Shift-End", kMove, "", move<Motion::kRowEnd, true>},
      {"select-page-up", "Shift-PageUp", kMove, "", move<Motion::kPageUp, true>},
      {"select-page-down", "Shift-PageDown", kMove, "", move<Motion::kPageDown, true>},
      {"select-to-start", "Ctrl-Shift-Home", kMove, "", move<Motion::kTextStart, true>},
      {"select-to-end", "Ctrl-Shift-End", kMove, "", move<Motion::kTextEnd, true>},

      {"find", "Ctrl-F", kFind, "Find", find},
      {"replace", "Ctrl-R", kFind, "Find and replace", replace},
      {"find-next", "Ctrl-G", kFind, "Find the next", find_next},
      {"find-previous", "Alt-F", kFind, "Find the one before", find_previous},
      {"outline", "F6 Ctrl-O", kFind, "Chapters: go to a heading", outline},
      {"spelling", "F7", kFind, "The next misspelt word, and suggestions", spelling},

      {"help", "F1", kView, "All keys", help},
      {"statistics", "F5", kView, "Words by day, goal, session", statistics},
      {"focus", "F8", kView, "Focus on the paragraph or the sentence", cycle_focus},
      {"typewriter", "F9", kView, "Typewriter scrolling", toggle_typewriter},
      {"check-spelling", "F10", kView, "Check spelling: on or off", toggle_spelling},
      {"smart-typing", "Alt-Q", kView, "Typographic quotes and dashes: on or off", toggle_smart},
      {"narrower", "Alt--", kView, "Narrower lines", narrower},
      {"wider", "Alt-= Alt-+", kView, "Wider lines", wider},
      {"redraw", "Ctrl-L", kView, "Draw the screen anew", redraw},
  };
  return table;
}

}  // namespace understory::tui
