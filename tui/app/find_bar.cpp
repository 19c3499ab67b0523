// Find and replace, in a bar under the text.
#include <string>

#include "tui/app/pages.h"
#include "tui/app/workspace.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

class FindBar : public Panel {
 public:
  FindBar(Workspace& w, bool replaces) : w_(w), replaces_(replaces), query_(w.last_query) {
    const std::string selected = w.editor.copy();
    if (!selected.empty() && selected.find('\n') == std::string::npos) query_.pattern = selected;
    pattern_.set(query_.pattern);
    start_ = w.editor.selection().begin;
    compile();
  }
  ~FindBar() override { w_.search.reset(); }

  int bar_rows(int columns) const override { return (replaces_ ? 2 : 1) + (columns < 60 ? 0 : 1); }

  void draw(Frame& frame, int top) override {
    const Style title{Role::kTitle};
    for (int row = top; row < frame.rows(); ++row) {
      frame.fill(row, 0, frame.columns(), {Role::kPanel});
    }
    int column = frame.put(top, 0, "Find ", title);
    const std::string state = state_text();
    const int limit = std::max(frame.columns() - display_width(state) - 1, column + 5);
    pattern_.draw(frame, top, column, limit, !in_replacement_);
    frame.put(top, limit, state, {problem_.empty() ? Role::kPanelDim : Role::kStatusWarn});
    int row = top + 1;
    if (replaces_) {
      column = frame.put(row, 0, "Replace by ", title);
      replacement_.draw(frame, row, column, frame.columns(), in_replacement_);
      ++row;
    }
    if (row < frame.rows()) {
      frame.put(row, 0,
                replaces_ ? "Enter replace · Down skip · Alt-A all · Tab field · Alt-C case · "
                            "Alt-R regex · Alt-W words · Esc"
                          : "Enter, Down next · Up before · Alt-C case · Alt-R regex · "
                            "Alt-W words · Esc",
                {Role::kPanelDim});
    }
  }

  bool handle(const Key& key) override {
    if (key == Key{kEscape, 0}) {
      w_.last_query = query_;
      return false;
    }
    if (key == Key{kEnter, 0}) {
      if (replaces_) return replace_one(), true;
      if (found_ && !is_fresh_) go(true);
      w_.last_query = query_;
      is_fresh_ = false;
      return true;
    }
    if (key == Key{kDown, 0} || key == Key{U'g', kCtrl}) return go(true), true;
    if (key == Key{kUp, 0}) return go(false), true;
    if (key == Key{kTab, 0} && replaces_) return in_replacement_ = !in_replacement_, true;
    if (key == Key{U'c', kAlt}) return toggle(query_.has_case), true;
    if (key == Key{U'r', kAlt}) return toggle(query_.is_regex), true;
    if (key == Key{U'w', kAlt}) return toggle(query_.whole_words), true;
    if (key == Key{U'a', kAlt} && replaces_) return replace_all(), true;
    LineEdit& field = in_replacement_ ? replacement_ : pattern_;
    field.handle(key);
    if (!in_replacement_ && field.text() != query_.pattern) changed();
    return true;
  }

  bool handle_paste(std::string_view text) override {
    (in_replacement_ ? replacement_ : pattern_).insert(text);
    if (!in_replacement_) changed();
    return true;
  }

 private:
  void toggle(bool& option) {
    option = !option;
    changed();
  }

  void changed() {
    query_.pattern = pattern_.text();
    compile();
    find(start_, true);
  }

  void compile() {
    problem_.clear();
    count_.reset();
    w_.search.reset();
    if (query_.pattern.empty()) return;
    Result<Search> search = Search::compile(query_);
    if (search) {
      w_.search.emplace(*std::move(search));
      const Result<std::size_t> n = w_.search->count(w_.editor.text());
      if (n) count_ = *n;
      if (!n) problem_ = n.error().message;
    } else {
      problem_ = search.error().message;
    }
  }

  void find(std::size_t from, bool forward) {
    found_ = false;
    is_fresh_ = true;
    if (!w_.search) return;
    const Result<std::optional<Range>> match =
        forward ? w_.search->next(w_.editor.text(), from, true)
                : w_.search->previous(w_.editor.text(), from, true);
    if (!match) {
      problem_ = match.error().message;
    } else if (match->has_value()) {
      found_ = true;
      w_.edit([&](Editor& e) { e.select(**match); });
    }
  }

  void go(bool forward) {
    find(forward ? w_.editor.selection().end : w_.editor.selection().begin, forward);
    is_fresh_ = false;
  }

  void replace_one() {
    if (!w_.search) return;
    if (!found_) return go(true);
    const Range match = w_.editor.selection();
    const Result<std::string> with =
        w_.search->replacement_for(w_.editor.text(), match, replacement_.text());
    if (!with) {
      problem_ = with.error().message;
      return;
    }
    w_.edit([&](Editor& e) { e.replace(match, *with); });
    compile();
    find(w_.editor.caret(), true);
  }

  void replace_all() {
    if (!w_.search) return;
    const Result<Search::Replaced> replaced =
        w_.search->replace_all(w_.editor.text(), replacement_.text());
    if (!replaced) {
      problem_ = replaced.error().message;
      return;
    }
    if (replaced->n_replaced > 0) {
      w_.edit([&](Editor& e) { e.replace_all(replaced->text); });
    }
    compile();
    found_ = false;
    w_.say("Replaced " + std::to_string(replaced->n_replaced) + "; Ctrl-Z takes it back");
    problem_ = "replaced " + std::to_string(replaced->n_replaced);
  }

  std::string state_text() const {
    std::string text;
    if (!problem_.empty()) {
      text = std::string(clip_to_width(problem_, 40));
    } else if (count_) {
      text = *count_ == 0 ? "nothing"
                          : std::to_string(*count_) + (*count_ == 1 ? " place" : " places");
    }
    if (query_.has_case) text += " Aa";
    if (query_.is_regex) text += " .*";
    if (query_.whole_words) text += " \"w\"";
    return text;
  }

  Workspace& w_;
  const bool replaces_;
  Query query_;
  LineEdit pattern_;
  LineEdit replacement_;
  bool in_replacement_ = false;
  bool found_ = false;
  bool is_fresh_ = true;  // the match was found while typing the pattern
  std::size_t start_ = 0;
  std::optional<std::size_t> count_;
  std::string problem_;
};

}  // namespace

std::unique_ptr<Panel> find_bar(Workspace& w, bool replaces) {
  return std::make_unique<FindBar>(w, replaces);
}

void find_again(Workspace& w, bool forward) {
  if (w.last_query.pattern.empty()) return w.open(find_bar(w, false));
  const Result<Search> search = Search::compile(w.last_query);
  if (!search) return w.warn(search.error().message);
  const Range from = w.editor.selection();
  const Result<std::optional<Range>> match =
      forward ? search->next(w.editor.text(), from.end, true)
              : search->previous(w.editor.text(), from.begin, true);
  if (!match) return w.warn(match.error().message);
  if (!match->has_value()) return w.say("Nothing found");
  w.edit([&](Editor& e) { e.select(**match); });
}

}  // namespace understory::tui
