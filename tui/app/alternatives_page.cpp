// Several continuations side by side, streaming at once: pick one, keep others as branches.
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tui/app/completion_request.h"
#include "tui/app/keyed_page.h"
#include "tui/app/story_pages.h"
#include "tui/app/workspace.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr int kNarrowestColumn = 26;

/// How a continuation reads on its own: without the space that joins it to the text.
std::string shown(const std::string& text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  const bool is_new_paragraph = text.find('\n') < begin;
  return (is_new_paragraph ? "¶ " : "") + text.substr(begin);
}

/// Rows for each of several texts: all they need where there is room, else the chosen one first.
std::vector<int> share_rows(const std::vector<int>& needed, std::size_t chosen, int room) {
  std::vector<int> rows(needed.size(), 1);
  room -= static_cast<int>(needed.size());
  const auto grow = [&](std::size_t i, int by) {
    by = std::clamp(by, 0, std::max(room, 0));
    rows[i] += by;
    room -= by;
  };
  grow(chosen, needed[chosen] - 1);
  for (bool any = true; any && room > 0;) {
    any = false;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      if (rows[i] >= needed[i] || room <= 0) continue;
      grow(i, 1);
      any = true;
    }
  }
  return rows;
}

class AlternativesPage : public KeyedPage {
 public:
  explicit AlternativesPage(Workspace& w)
      : KeyedPage("Continuations"),
        w_(w),
        alive_(std::make_shared<bool>(true)),
        n_(static_cast<std::size_t>(w.settings.alternatives)) {
    ask();
  }
  ~AlternativesPage() override {
    *alive_ = false;
    if (ticket_ != 0) w_.link.cancel(ticket_);
  }

  static const std::vector<PageCommand<AlternativesPage>>& table() {
    using P = AlternativesPage;
    static const std::vector<PageCommand<P>> commands = {
        {{kEnter, 0}, &P::take, {"Enter", "Enter take", "Write on with this one"}},
        {{kEnter, kAlt}, &P::take, {}},
        {{U' ', 0},
         &P::mark,
         {"Space", "Space keep", "Keep it as a branch in the story tree, or not"}},
        {{U'e', 0}, &P::edit, {"e", "e edit", "Edit it before taking it"}},
        {{U'r', 0}, &P::ask_again, {"r", "r others", "Ask for others; what is kept stays kept"}},
        {{kLeft, 0}, &P::previous, {"Arrows, Tab, 1 to 9", "Arrows choose", "Go to another one"}},
        {{kUp, 0}, &P::previous, {}},
        {{kTab, kShift}, &P::previous, {}},
        {{kRight, 0}, &P::next, {}},
        {{kDown, 0}, &P::next, {}},
        {{kTab, 0}, &P::next, {}},
        {{kEscape, 0}, &P::leave, {"Esc", "", "Back to the page; what is marked is kept"}},
    };
    return commands;
  }

 protected:
  std::vector<KeyHelp> key_help() const override { return help_of(table()); }

  void draw_page(Frame& frame, int top) override {
    const int left = margin_of(frame.columns());
    frame.put(top, left, is_streaming() ? "Continuations …" : "Continuations", {Role::kTitle});
    if (!marked_.empty()) {
      const std::string kept = std::to_string(marked_.size()) + " kept";
      frame.put(top, std::max(frame.columns() - left - display_width(kept), left), kept,
                {Role::kKeyName});
    }
    const bool has_air = frame.rows() >= 12;
    int first = top + 1;
    if (frame.rows() >= 8) draw_context(frame, first++, left);
    const int last = frame.rows() - 1;
    is_wide_ = frame.columns() / static_cast<int>(n_) >= kNarrowestColumn;
    is_wide_ ? draw_columns(frame, first + (has_air ? 1 : 0), last - (has_air ? 1 : 0))
             : draw_list(frame, first + (has_air ? 1 : 0), last - (has_air ? 1 : 0), left);
    if (edit_) {
      const int column = frame.put(last, left, "Edit: ", {Role::kKeyName});
      edit_->draw(frame, last, column, frame.columns() - left, true);
    } else {
      draw_bottom(frame, problem_);
    }
  }

  bool handle_page(const Key& key) override {
    if (edit_) return handle_edit(key);
    if (key.modifiers == 0 && key.code >= '1' && key.code < '1' + std::min<std::size_t>(n_, 9)) {
      chosen_ = key.code - '1';
    } else {
      dispatch(table(), *this, key);
    }
    return !is_done_;
  }

  void handle_page_mouse(const Mouse& mouse) override {
    if (mouse.kind == Mouse::Kind::kWheelUp) previous();
    if (mouse.kind == Mouse::Kind::kWheelDown) next();
    if (mouse.kind != Mouse::Kind::kPress) return;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const Place& p = places_[i];
      const bool is_in = mouse.row >= p.row && mouse.row < p.row + p.rows &&
                         mouse.column >= p.column && mouse.column < p.column + p.columns;
      if (is_in) chosen_ = i;
    }
  }

 private:
  struct Place {
    int row, rows, column, columns;
  };

  bool is_streaming() const { return ticket_ != 0; }

  // --- keys ---
  void previous() { chosen_ = (chosen_ + n_ - 1) % n_; }
  void next() { chosen_ = (chosen_ + 1) % n_; }
  void mark() {
    if (texts_[chosen_].empty()) return;
    if (!marked_.insert(chosen_).second) marked_.erase(chosen_);
  }
  void ask_again() {
    keep_marked();
    ask();
  }
  void leave() {
    keep_marked();
    is_done_ = true;
  }
  void edit() {
    // One line at a time: line breaks become spaces until it is taken.
    std::string line = texts_[chosen_];
    std::replace(line.begin(), line.end(), '\n', ' ');
    edit_.emplace(line);
  }
  bool handle_edit(const Key& key) {
    if (key == Key{kEscape, 0}) {
      edit_.reset();
    } else if (key == Key{kEnter, 0}) {
      texts_[chosen_] = edit_->text();
      edit_.reset();
      take();
    } else {
      edit_->handle(key);
    }
    return !is_done_;
  }

  void ask() {
    if (ticket_ != 0) w_.link.cancel(ticket_);
    texts_.assign(n_, {});
    made_.assign(n_, {});
    marked_.clear();
    problem_.clear();
    text_ = w_.editor.text();
    caret_ = w_.editor.caret();
    protocol::CompleteParams params = completion_request(text_, caret_, n_, w_.settings);
    params.document = w_.document->path().string();
    if (w_.ghost.decorate) w_.ghost.decorate(params);
    const auto alive = alive_;
    const auto asked = std::make_shared<Asked>(params);
    asked_ = asked;
    ticket_ = w_.link.call(
        params,
        [this, alive, asked](const Result<protocol::CompleteResult>& result) {
          if (!*alive || asked != asked_) return;
          ticket_ = 0;
          if (!result) {
            problem_ = result.error().message;
            return;
          }
          for (std::size_t i = 0; i < result->branches.size() && i < n_; ++i) {
            made_[i] = {result->branches[i].text, asked->generation(*result, i)};
            texts_[i] = made_[i].text;
          }
        },
        [this, alive, asked](const protocol::ChunkNotice& chunk) {
          if (*alive && asked == asked_ && chunk.branch < n_) texts_[chunk.branch] += chunk.text;
        });
  }

  // --- drawing ---

  /// The end of what is written so far, to read on from.
  void draw_context(Frame& frame, int row, int left) {
    const std::size_t from = caret_ > 400 ? caret_ - 400 : 0;
    std::string before = text_.substr(from, caret_ - from);
    before.erase(0, before.find_last_of('\n') + 1);
    const int room = frame.columns() - 2 * left;
    bool is_cut = from > 0;
    while (display_width(before) > room - 2) {
      const std::size_t space = before.find(' ');
      before.erase(0, space == std::string::npos ? cluster_at(before, 0).length : space + 1);
      is_cut = true;
    }
    frame.put(row, left, (is_cut ? "… " : "") + before, {Role::kPanelDim});
  }

  Style style_of(std::size_t i) const {
    return {i == chosen_ ? Role::kText : Role::kDimmed, i == chosen_ && marked_.count(i) != 0};
  }

  std::string number_of(std::size_t i) const {
    return (i == chosen_ ? "▶" : " ") + std::to_string(i + 1);
  }

  std::string tail_of(std::size_t i) const {
    std::string tail = marked_.count(i) != 0 ? "✓ kept" : "";
    if (!made_[i].text.empty()) {
      tail += (tail.empty() ? "" : "  ") +
              std::to_string(std::lround(100 * std::exp(made_[i].how.mean_logprob))) + "%";
    }
    return tail;
  }

  std::vector<std::string> rows_of(std::size_t i, int width) const {
    if (texts_[i].empty()) return {is_streaming() ? "…" : "(nothing)"};
    return fold(shown(texts_[i]), width);
  }

  void draw_columns(Frame& frame, int first, int end) {
    const int n = static_cast<int>(n_);
    const int margin = margin_of(frame.columns()) > 2 ? 2 : margin_of(frame.columns());
    const int width = (frame.columns() - 2 * margin + 2) / n;
    places_.clear();
    for (int i = 0; i < n; ++i) {
      const auto index = static_cast<std::size_t>(i);
      const int left = margin + i * width;
      const int limit = left + width - 2;
      places_.push_back({first, end - first, left, width - 2});
      const Style head{index == chosen_ ? Role::kPanelChosen : Role::kPanelDim};
      frame.fill(first, left, width - 2, head);
      frame.put(first, left, number_of(index), head, limit);
      const std::string tail = tail_of(index);
      frame.put(first, std::max(limit - display_width(tail) - 1, left + 3), tail, head, limit);
      int row = first + 1;
      for (const std::string& line : rows_of(index, width - 3)) {
        if (row >= end) break;
        frame.put(row++, left + 1, line, style_of(index), limit);
      }
    }
  }

  void draw_list(Frame& frame, int first, int end, int left) {
    constexpr int kNumberColumns = 4;
    constexpr int kTailColumns = 12;
    const bool has_tail = frame.columns() >= 60;
    const int limit = frame.columns() - left - (has_tail ? kTailColumns : 0);
    const int column = left + kNumberColumns;
    std::vector<std::vector<std::string>> texts;
    std::vector<int> needed;
    int total = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      texts.push_back(rows_of(i, std::max(limit - column, 1)));
      needed.push_back(static_cast<int>(texts.back().size()));
      total += needed.back();
    }
    const int gap = total + static_cast<int>(n_) - 1 <= end - first ? 1 : 0;
    const std::vector<int> rows = share_rows(needed, chosen_, end - first);
    // Where not even a line each fits, the chosen one is in sight.
    int above = 0;
    for (std::size_t i = 0; i <= chosen_; ++i) above += rows[i];
    int row = first - std::max(above - (end - first), 0);
    places_.clear();
    for (std::size_t i = 0; i < n_; ++i) {
      places_.push_back({row, rows[i], left, frame.columns() - left});
      const bool is_marked = marked_.count(i) != 0;
      for (int k = 0; k < rows[i]; ++k, ++row) {
        if (row < first || row >= end) continue;
        if (k == 0) {
          frame.put(row, left, number_of(i) + (is_marked && !has_tail ? "✓" : ""),
                    {Role::kKeyName});
        }
        std::string line = texts[i][static_cast<std::size_t>(k)];
        if (k + 1 == rows[i] && rows[i] < needed[i]) {
          line = std::string(clip_to_width(line, limit - column - 1)) + "…";
        }
        frame.put(row, column, line, style_of(i), limit);
        if (k == 0 && has_tail) {
          const std::string tail = tail_of(i);
          frame.put(row, frame.columns() - left - display_width(tail), tail,
                    {is_marked ? Role::kKeyName : Role::kPanelDim});
        }
      }
      row += gap;
    }
  }

  // --- taking and keeping ---

  void take() {
    if (texts_[chosen_].empty()) return;
    const std::string piece = texts_[chosen_];
    const Made made = made_[chosen_];
    marked_.erase(chosen_);
    Workspace& w = w_;
    const Text before = text_;
    const std::size_t caret = caret_;
    keep_marked([&w, before, caret, piece, made] {
      if (piece != made.text) return;  // edited: the writer's
      w.story.accepted(before, caret, piece, [made](auto tell) { tell(made.how); });
    });
    w.edit([&](Editor& e) { e.insert(piece); });
    is_done_ = true;
  }

  /// Marked ones become branches beside what is written, from the caret's place on.
  void keep_marked(std::function<void()> then = [] {}) {
    std::vector<protocol::StoryChild> children;
    for (const std::size_t i : marked_) {
      if (texts_[i].empty()) continue;
      protocol::StoryChild child;
      child.text = texts_[i];
      child.origin = "model";
      if (!made_[i].text.empty()) child.generation = made_[i].how;
      children.push_back(std::move(child));
    }
    marked_.clear();
    if (children.empty()) return then();
    w_.keep_branches(text_, caret_, std::move(children), std::move(then));
  }

  struct Made {
    std::string text;
    protocol::StoryGeneration how;
  };

  Workspace& w_;
  std::shared_ptr<bool> alive_;
  const std::size_t n_;
  DaemonLink::Ticket ticket_ = 0;
  std::shared_ptr<Asked> asked_;  // the latest
  Text text_;
  std::size_t caret_ = 0;
  std::vector<std::string> texts_;
  std::vector<Made> made_;  // by number, once they are whole
  std::vector<Place> places_;
  std::set<std::size_t> marked_;
  std::size_t chosen_ = 0;
  bool is_wide_ = true;
  bool is_done_ = false;
  std::string problem_;
  std::optional<LineEdit> edit_;
};

}  // namespace

void open_alternatives(Workspace& w) {
  if (w.refuses_edit()) return;
  if (w.link.state().kind != LinkState::Kind::kReady) {
    w.link.start_daemon();
    return w.warn("No daemon yet: " + w.link.state().reason);
  }
  w.editor.clear_selection();
  w.ghost.interrupted();
  w.open(std::make_unique<AlternativesPage>(w));
}

std::vector<KeyHelp> alternatives_keys() {
  return help_of(AlternativesPage::table());
}

}  // namespace understory::tui
