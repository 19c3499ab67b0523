#include "tui/app/workspace.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "tui/editor/outline.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr std::int64_t kLookMs = 2000;     // at the file on disk
constexpr std::int64_t kWordsMs = 60'000;  // between notes of the word count
constexpr std::int64_t kDoubleClickMs = 400;
constexpr int kWheelRows = 3;

std::int64_t utc_offset_s() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return local.tm_gmtoff;
}

}  // namespace

Workspace::Workspace(std::unique_ptr<Document> opened, Settings chosen, DaemonLink& daemon)
    : settings(std::move(chosen)),
      document(std::move(opened)),
      editor(*document),
      link(daemon),
      ghost(daemon, settings),
      story(daemon, document->path().string()),
      keymap(settings, settings.problem),
      words_at_start_(document->text().n_words()) {
  ghost.set_document(document->path().string());
  ghost.set_on(settings.suggests);
  editor.on_change = [this](std::size_t offset, std::size_t removed, std::size_t inserted) {
    view.text_changed(offset, removed, inserted);
  };
  story.on_splice = [this](const protocol::StorySplice& splice) { apply_splice(splice); };
  story.saved_text = [this] { return document->saved_text(); };
  ghost.decorate = [this](protocol::CompleteParams& params) { put_notes(params, story); };
  link.on_state = [this] { link_changed(); };
  editor.move_to(document->remembered_caret());
  document->note_words(now_ms());
  if (settings.spelling != "off") open_speller();
  if (!settings.problem.empty()) warn(settings.problem);
  if (document->is_read_only()) warn("Read-only: " + document->read_only_reason());
  if (document->recovery()) offer_recovery();
}

Workspace::~Workspace() {
  link.on_state = {};
  document->note_words(now_ms());
  document->note_caret(editor.caret());
}

void Workspace::open_speller() {
  Result<std::unique_ptr<Speller>> opened = Speller::open(
      settings.spelling == "off" ? "en_US" : settings.spelling, default_personal_dictionary());
  if (opened) {
    speller = *std::move(opened);
  } else {
    spelling_problem = opened.error().message;
  }
}

void Workspace::say(std::string message) {
  message_ = std::move(message);
  message_warns_ = false;
}

void Workspace::warn(std::string message) {
  message_ = std::move(message);
  message_warns_ = true;
}

void Workspace::open(std::unique_ptr<Panel> next) {
  panel = std::move(next);
}

// --- changing the text -------------------------------------------------------------------

bool Workspace::refuses_edit() {
  if (!document->is_read_only()) return false;
  warn("Read-only: " + document->read_only_reason() + " (Alt-S saves a copy)");
  return true;
}

void Workspace::edit(const std::function<void(Editor&)>& change) {
  ghost.interrupted();
  change(editor);
  follows_caret_ = true;
}

void Workspace::type(std::string_view bytes) {
  if (refuses_edit()) return;
  const bool replaces = editor.has_selection();
  const std::size_t before = editor.selection().begin;
  editor.type(bytes, {settings.smart_quotes, settings.smart_dashes});
  const bool is_plain = !replaces && editor.caret() == before + bytes.size() &&
                        editor.text().substr(before, bytes.size()) == bytes;
  if (is_plain) {
    ghost.typed(bytes, editor.text(), editor.caret());
  } else {
    ghost.interrupted();
    ghost.typed({}, editor.text(), editor.caret());
  }
  follows_caret_ = true;
}

void Workspace::enter() {
  if (refuses_edit()) return;
  editor.enter();
  // A suggestion has plain line feeds, whatever the file has.
  if (document->line_break() == "\n") {
    ghost.typed("\n", editor.text(), editor.caret());
  } else {
    ghost.interrupted();
    ghost.typed({}, editor.text(), editor.caret());
  }
  follows_caret_ = true;
}

void Workspace::accept(std::string_view piece) {
  if (piece.empty() || refuses_edit()) return;
  const std::size_t before = editor.caret();
  const Text text = editor.text();
  editor.accept(piece, false);
  const bool is_plain = editor.caret() == before + piece.size();
  if (is_plain) {
    story.accepted(text, before, std::string(piece), provenance_of_ghost());
  } else {
    ghost.interrupted();  // line ends became others
  }
  ghost.inserted(editor.text(), editor.caret());
  follows_caret_ = true;
}

/// Of what the ghost shows now, whenever it is asked for.
StorySession::Provenance Workspace::provenance_of_ghost() {
  struct Told {
    std::optional<protocol::StoryGeneration> how;
    GhostWriter::Teller waiting;
  };
  const auto told = std::make_shared<Told>();
  ghost.tell_generation([told](const protocol::StoryGeneration& how) {
    told->how = how;
    if (told->waiting) told->waiting(how);
  });
  return [told](GhostWriter::Teller tell) {
    if (told->how) return tell(*told->how);
    told->waiting = std::move(tell);
  };
}

void Workspace::erased(const std::function<void(Editor&)>& change) {
  if (refuses_edit()) return;
  const std::size_t before = editor.caret();
  const bool had_selection = editor.has_selection();
  change(editor);
  if (had_selection) {
    ghost.interrupted();
  } else {
    ghost.erased(before - editor.caret(), editor.caret());
  }
  follows_caret_ = true;
}

void Workspace::paste(std::string_view text) {
  if (refuses_edit()) return;
  edit([&](Editor& e) { e.insert(text); });
}

void Workspace::set_clipboard(std::string text) {
  clipboard = std::move(text);
  if (copy_out) copy_out(clipboard);
}

// --- the story tree ----------------------------------------------------------------------

/// A story that exists is opened as soon as there is a daemon: its notes steer suggestions. One
/// is made only when the writer first asks for something that needs it.
void Workspace::link_changed() {
  const bool is_ready = link.state().kind == LinkState::Kind::kReady;
  if (is_ready && !was_ready_) {
    story.open(editor.text(), false);
    ghost.link_ready(editor.text(), editor.caret());
  }
  if (!is_ready) story.close();
  was_ready_ = is_ready;
}

void Workspace::with_story(std::function<void()> then) {
  if (refuses_edit()) return;
  ghost.interrupted();
  story.with_synced(editor.text(), std::move(then), [this](const std::string& why) {
    warn("The story tree is not there: " + why);
  });
}

void Workspace::branch_here() {
  const std::size_t offset = editor.caret();
  if (offset == editor.text().size()) {
    return say("Nothing follows here; Alt-Enter asks for several continuations");
  }
  with_story([this, offset] {
    protocol::StoryBranchParams params;
    params.offset = offset;
    story.change(params, [this](const Result<protocol::StoryChange>& change) {
      if (!change) return warn(change.error().message);
      edit([](Editor& e) { e.move_to(e.text().size()); });
      say("Write another way on; what followed is in the tree (F2), and Ctrl-Z brings it back");
    });
  });
}

void Workspace::apply_splice(const protocol::StorySplice& splice) {
  const std::size_t size = editor.text().size();
  if (splice.offset > size || splice.length > size - splice.offset) return;
  edit([&](Editor& e) { e.replace({splice.offset, splice.offset + splice.length}, splice.text); });
  story.note_synced(editor.text());
}

void Workspace::keep_branches(const Text& text, std::size_t offset,
                              std::vector<protocol::StoryChild> children,
                              std::function<void()> then) {
  const auto fail = [this](const std::string& why) { warn("Branches not kept: " + why); };
  const std::size_t n = children.size();
  story.with_synced(
      text,
      [=, this] {
        story.keep(offset, children, [this, n, then, fail](const std::string& problem) {
          if (!problem.empty()) fail(problem);
          if (problem.empty()) {
            say(n == 1 ? "1 branch kept; F2 shows the tree"
                       : std::to_string(n) + " branches kept; F2 shows the tree");
          }
          then();
        });
      },
      [fail, then](const std::string& why) {
        fail(why);
        then();
      });
}

// --- the file ----------------------------------------------------------------------------

void Workspace::save() {
  if (refuses_edit()) return;
  const Status saved = document->save();
  if (saved) {
    saved_at_ms_ = now_ms();
    say("Saved");
    story.sync(editor.text());
  } else if (saved.error().code == ErrorCode::kBusy) {
    ask_about_file();
  } else {
    warn("Not saved: " + saved.error().message);
    wants_bell = true;
  }
}

void Workspace::save_as(const std::string& path) {
  if (path.empty()) return;
  const auto write = [this, path] {
    const Status saved = document->save_as(path);
    if (!saved) return warn("Not saved: " + saved.error().message);
    ghost.set_document(path);
    story.set_document(path);
    was_ready_ = false;
    link_changed();
    say("Saved as " + path);
  };
  std::error_code error;
  const bool is_same = resolved(path) == resolved(document->path());
  if (is_same || !std::filesystem::exists(path, error)) return write();
  open(std::make_unique<QuestionBar>(
      path + " exists.",
      std::vector<QuestionBar::Answer>{{U'r', "[R]eplace it", write}, {kEscape, "[Esc] no", {}}}));
}

void Workspace::quit() {
  if (!document->is_modified() || document->is_read_only()) {
    quits = true;
    return;
  }
  open(std::make_unique<QuestionBar>(
      "There are changes that are not saved.",
      std::vector<QuestionBar::Answer>{
          {U's', "[S]ave and leave",
           [this] {
             save();
             quits = !document->is_modified();
           }},
          {U'l', "[L]eave, and offer them next time", [this] { quits = true; }},
          {U'd', "[D]rop them",
           [this] {
             document->discard_changes();
             quits = true;
           }},
          {kEscape, "[Esc] stay", {}}}));
}

void Workspace::offer_recovery() {
  const Recovery& found = *document->recovery();
  char time[32] = "";
  const auto seconds = static_cast<std::time_t>(found.time_ms / 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  std::strftime(time, sizeof(time), "%b %e, %H:%M", &local);
  const std::ptrdiff_t words = found.n_words;
  std::string question = "Text from " + std::string(time) + " was not saved: ";
  question += words == 0  ? "as many words as the file"
              : words > 0 ? std::to_string(words) + " words more than the file"
                          : std::to_string(-words) + " words fewer than the file";
  question += found.file_has_changed ? ", which has changed meanwhile." : ".";
  std::vector<QuestionBar::Answer> answers{
      {U'r', "[R]ecover it",
       [this] {
         document->take_recovery();
         editor.text_replaced(document->remembered_caret());
         say("Recovered; Ctrl-S saves it");
       }},
      {U'f', "[F]ile as it is (Alt-Y still reaches the text)", [this] {
         document->leave_recovery();
         editor.text_replaced(editor.caret());
       }}};
  if (found.file_has_changed) {
    answers.push_back({U'b', "[B]oth, merged", [this] {
                         const std::size_t conflicts = document->merge_recovery();
                         editor.text_replaced(editor.caret());
                         say(conflicts == 0 ? "Merged"
                                            : "Merged; in " + std::to_string(conflicts) +
                                                  " places both versions stand");
                       }});
  }
  open(std::make_unique<QuestionBar>(question, std::move(answers)));
}

void Workspace::ask_about_file() {
  file_question_open_ = true;
  const auto done = [this] {
    file_question_open_ = false;
    editor.text_replaced(editor.caret());
    ghost.interrupted();
  };
  std::vector<QuestionBar::Answer> answers{
      {U'm', "[M]erge it in",
       [this, done] {
         const Result<std::size_t> conflicts = document->merge_from_disk();
         done();
         if (!conflicts) return warn(conflicts.error().message);
         say(*conflicts == 0
                 ? "Merged"
                 : "Merged; in " + std::to_string(*conflicts) + " places both versions stand");
       }},
      {U't', "[T]ake the file's",
       [this, done] {
         const Status s = document->reload();
         done();
         s ? say("Read anew; Ctrl-Z gives yours back") : warn(s.error().message);
       }},
      {U'k', "[K]eep mine", [this, done] {
         document->ignore_disk_change();
         done();
         say("The next save replaces the file");
       }}};
  open(std::make_unique<QuestionBar>("Another program has changed the file.", std::move(answers)));
}

void Workspace::look_at_file(std::int64_t now) {
  if (now < next_look_ms_) return;
  next_look_ms_ = now + kLookMs;
  if (document->was_knocked()) warn("This file was just opened in another window, read-only");
  if (panel || file_question_open_ || document->is_read_only()) return;
  if (document->disk_state() == DiskState::kChanged) ask_about_file();
}

// --- time --------------------------------------------------------------------------------

void Workspace::tick(std::int64_t now) {
  if (!panel) ghost.tick(now, editor.text(), editor.caret());
  look_at_file(now);
  if (now >= next_words_ms_) {
    next_words_ms_ = now + kWordsMs;
    document->note_words(now);
  }
  if (settings.autosave_s > 0 && !panel && document->is_modified() && !document->is_read_only() &&
      now - saved_at_ms_ >= settings.autosave_s * std::int64_t{1000}) {
    saved_at_ms_ = now;
    const Status saved = document->save();
    if (!saved && saved.error().code == ErrorCode::kBusy) ask_about_file();
    if (!saved && saved.error().code != ErrorCode::kBusy) {
      warn("Not saved: " + saved.error().message);
    }
  }
}

int Workspace::wait_ms(std::int64_t now) const {
  const int ghost_ms = panel ? -1 : ghost.wait_ms(now);
  const int look_ms = static_cast<int>(std::max<std::int64_t>(next_look_ms_ - now, 0));
  return ghost_ms < 0 ? look_ms : std::min(ghost_ms, look_ms);
}

std::ptrdiff_t Workspace::session_words() const {
  return static_cast<std::ptrdiff_t>(editor.text().n_words()) -
         static_cast<std::ptrdiff_t>(words_at_start_);
}

std::ptrdiff_t Workspace::today_words() const {
  if (today_revision_ != document->revision()) {
    today_revision_ = document->revision();
    today_words_ =
        words_by_day(document->word_log(), editor.text().n_words(), now_ms(), utc_offset_s())
            .back()
            .n_words;
  }
  return today_words_;
}

// --- events ------------------------------------------------------------------------------

void Workspace::handle(const Event& event) {
  if (const Key* key = std::get_if<Key>(&event)) return handle_key(*key);
  if (const Paste* pasted = std::get_if<Paste>(&event)) {
    message_.clear();
    if (!panel) return paste(pasted->text);
    std::unique_ptr<Panel> open_panel = std::move(panel);
    if (open_panel->handle_paste(pasted->text) && !panel) panel = std::move(open_panel);
  } else if (const Mouse* mouse = std::get_if<Mouse>(&event)) {
    handle_mouse(*mouse);
  }
}

void Workspace::handle_key(const Key& key) {
  message_.clear();
  if (panel) {
    // The panel may open another one while it works.
    std::unique_ptr<Panel> open_panel = std::move(panel);
    if (open_panel->handle(key) && !panel) panel = std::move(open_panel);
    return;
  }
  if (const Command* command = keymap.find(key)) return command->run(*this);
  if (key.is_text()) {
    std::string bytes;
    append_utf8(bytes, key.code);
    type(bytes);
  } else if (key.code != kUnknown) {
    say(name_of(key) + " does nothing; F1 lists the keys");
  }
}

void Workspace::handle_mouse(const Mouse& mouse) {
  if (panel) {
    std::unique_ptr<Panel> open_panel = std::move(panel);
    if (open_panel->handle_mouse(mouse) && !panel) panel = std::move(open_panel);
    return;
  }
  if (mouse.kind == Mouse::Kind::kWheelUp || mouse.kind == Mouse::Kind::kWheelDown) {
    view.scroll(editor.text(), mouse.kind == Mouse::Kind::kWheelUp ? -kWheelRows : kWheelRows);
    follows_caret_ = false;
    return;
  }
  if (mouse.button != 0 || mouse.kind == Mouse::Kind::kRelease || page_.rows.empty()) return;
  const int row = mouse.row - top_rows() - page_.blank_above;
  const auto index =
      static_cast<std::size_t>(std::clamp(row, 0, static_cast<int>(page_.rows.size()) - 1));
  const Viewport::ShownRow& shown = page_.rows[index];
  const LaidBlock& laid = page_.blocks[shown.block];
  const std::size_t at = laid.offset_at(shown.row, std::max(mouse.column - left_margin(), 0));
  const bool drags = mouse.kind == Mouse::Kind::kDrag;
  ghost.interrupted();
  if (drags || mouse.has_shift) return editor.move_to(at, true);
  const std::int64_t now = now_ms();
  clicks_ = now - clicked_ms_ < kDoubleClickMs && clicked_at_ == at ? clicks_ + 1 : 1;
  clicked_ms_ = now;
  clicked_at_ = at;
  editor.move_to(at);
  if (clicks_ == 2) editor.select(word_at(editor.text(), at));
  if (clicks_ == 3) editor.select(paragraph_at(editor.text(), at));
}

}  // namespace understory::tui
