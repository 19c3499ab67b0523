// Several continuations side by side, streaming at once: pick one, keep others as branches.
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tui/app/prompt_keys.h"
#include "tui/app/story_pages.h"
#include "tui/app/workspace.h"
#include "tui/ghost/prompt_text.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr int kNarrowestColumn = 26;

class AlternativesPage : public Panel {
 public:
  explicit AlternativesPage(Workspace& w)
      : w_(w),
        alive_(std::make_shared<bool>(true)),
        n_(static_cast<std::size_t>(w.settings.alternatives)) {
    ask();
  }
  ~AlternativesPage() override {
    *alive_ = false;
    if (ticket_ != 0) w_.link.cancel(ticket_);
  }

  void draw(Frame& frame, int top) override {
    const int columns = frame.columns();
    const std::string title = is_streaming() ? "Continuations …" : "Continuations";
    frame.put(top, columns > 30 ? 2 : 0, title, {Role::kTitle});
    draw_context(frame, top + 1);
    const int first = top + 3;
    const int last = frame.rows() - 1;
    is_wide_ = columns / static_cast<int>(texts_.size()) >= kNarrowestColumn;
    is_wide_ ? draw_columns(frame, first, last) : draw_list(frame, first, last);
    const std::string help = columns >= 76 ? "Enter take · Space mark to keep · e edit · r again · "
                                             "arrows or 1-9 choose · Esc"
                                           : "Enter Space e r Esc";
    frame.put(last, 0, problem_.empty() ? help : problem_,
              {problem_.empty() ? Role::kPanelDim : Role::kStatusWarn});
    if (edit_) {
      frame.put(last, 0, "> ", {Role::kKeyName});
      edit_->draw(frame, last, 2, columns, true);
    }
  }

  bool handle(const Key& key) override {
    if (edit_) return handle_edit(key);
    const std::size_t n = texts_.size();
    if (key == Key{kEscape, 0}) return keep_marked(), false;
    if (key == Key{kLeft, 0} || key == Key{kUp, 0} || key == Key{kTab, kShift}) {
      chosen_ = (chosen_ + n - 1) % n;
    } else if (key == Key{kRight, 0} || key == Key{kDown, 0} || key == Key{kTab, 0}) {
      chosen_ = (chosen_ + 1) % n;
    } else if (key.modifiers == 0 && key.code >= '1' &&
               key.code < '1' + std::min<std::size_t>(n, 9)) {
      chosen_ = key.code - '1';
    } else if (key == Key{U' ', 0}) {
      if (!marked_.insert(chosen_).second) marked_.erase(chosen_);
    } else if (key == Key{U'r', 0}) {
      keep_marked();
      ask();
    } else if (key == Key{U'e', 0}) {
      // One line at a time: line breaks become spaces until it is taken.
      std::string line = texts_[chosen_];
      std::replace(line.begin(), line.end(), '\n', ' ');
      edit_.emplace(line);
    } else if (key == Key{kEnter, 0} || key == Key{kEnter, kAlt}) {
      if (texts_[chosen_].empty()) return true;
      take();
      return false;
    }
    return true;
  }

 private:
  bool is_streaming() const { return ticket_ != 0; }

  void ask() {
    if (ticket_ != 0) w_.link.cancel(ticket_);
    texts_.assign(n_, {});
    branches_.assign(n_, {});
    marked_.clear();
    problem_.clear();
    text_ = w_.editor.text();
    caret_ = w_.editor.caret();
    protocol::CompleteParams params;
    PromptText prompt = prompt_text(text_, caret_);
    params.prefix = std::move(prompt.bytes);
    put_prefix_offset(params, prompt.offset);
    params.suffix = suffix_text(text_, caret_);
    params.n = static_cast<std::uint32_t>(n_);
    params.max_tokens = static_cast<std::uint32_t>(w_.settings.max_tokens);
    params.until = w_.settings.until;
    params.temperature = static_cast<float>(w_.settings.temperature);
    params.min_p = static_cast<float>(w_.settings.min_p);
    params.document = w_.document->path().string();
    if (w_.ghost.decorate) w_.ghost.decorate(params);
    const auto alive = alive_;
    ticket_ = w_.link.call(
        params,
        [this, alive](const Result<protocol::CompleteResult>& result) {
          if (!*alive) return;
          ticket_ = 0;
          if (!result) {
            problem_ = result.error().message;
            return;
          }
          model_ = result->model;
          for (std::size_t i = 0; i < result->branches.size() && i < n_; ++i) {
            texts_[i] = result->branches[i].text;
            branches_[i] = result->branches[i];
          }
        },
        [this, alive](const protocol::ChunkNotice& chunk) {
          if (*alive && chunk.branch < n_) texts_[chunk.branch] += chunk.text;
        });
  }

  /// The end of what is written so far, to read on from.
  void draw_context(Frame& frame, int row) {
    const std::size_t from = caret_ > 400 ? caret_ - 400 : 0;
    std::string before = text_.substr(from, caret_ - from);
    before = before.substr(before.rfind('\n') == std::string::npos ? 0 : before.rfind('\n') + 1);
    while (display_width(before) > frame.columns() - 6) {
      before.erase(0, cluster_at(before, 0).length);
    }
    frame.put(row, 2, "…" + before, {Role::kPanelDim});
  }

  Style style_of(std::size_t i) const { return {i == chosen_ ? Role::kPanelChosen : Role::kPanel}; }

  std::string head_of(std::size_t i) const {
    std::string head = std::to_string(i + 1);
    head += marked_.count(i) != 0 ? " kept" : "";
    if (!branches_[i].tokens.empty()) {
      const int percent = static_cast<int>(100 * std::exp(branches_[i].mean_logprob));
      head += "  " + std::to_string(percent) + "% a token";
    }
    return head;
  }

  void draw_columns(Frame& frame, int first, int last) {
    const int n = static_cast<int>(texts_.size());
    const int width = frame.columns() / n;
    for (int i = 0; i < n; ++i) {
      const auto index = static_cast<std::size_t>(i);
      const int left = i * width + 1;
      frame.fill(first, left, width - 2, style_of(index));
      frame.put(first, left, head_of(index), style_of(index), left + width - 2);
      int row = first + 1;
      for (const std::string& line : fold(texts_[index], width - 3)) {
        if (row >= last) break;
        frame.put(row++, left, line, {index == chosen_ ? Role::kText : Role::kGhost},
                  left + width - 2);
      }
    }
  }

  void draw_list(Frame& frame, int first, int last) {
    const int columns = frame.columns();
    // The chosen one in full, the others by a line.
    const int n = static_cast<int>(texts_.size());
    const int room = std::max(last - first - n, 1);
    int row = first;
    for (int i = 0; i < n && row < last; ++i) {
      const auto index = static_cast<std::size_t>(i);
      const std::string mark = std::to_string(i + 1) + (marked_.count(index) != 0 ? "* " : "  ");
      const std::vector<std::string> lines = fold(texts_[index], std::max(columns - 4, 8));
      const std::size_t most = index == chosen_ ? static_cast<std::size_t>(room) : 1;
      for (std::size_t k = 0; k < lines.size() && k < most && row < last; ++k) {
        frame.put(row, 0, k == 0 ? mark : "", {Role::kKeyName});
        frame.put(row++, 3, lines[k], style_of(index), columns);
      }
    }
  }

  bool handle_edit(const Key& key) {
    if (key == Key{kEscape, 0}) {
      edit_.reset();
    } else if (key == Key{kEnter, 0}) {
      texts_[chosen_] = edit_->text();
      edit_.reset();
      take();
      return false;
    } else {
      edit_->handle(key);
    }
    return true;
  }

  protocol::StoryGeneration generation_of(std::size_t i) const {
    protocol::StoryGeneration how;
    how.model = model_;
    how.params = "{}";
    how.seed = branches_[i].seed;
    how.mean_logprob = branches_[i].mean_logprob;
    how.finish_reason = branches_[i].finish_reason;
    how.created_ms = static_cast<std::uint64_t>(now_ms());
    return how;
  }

  void take() {
    const std::string piece = texts_[chosen_];
    const bool as_it_came = piece == branches_[chosen_].text;
    const protocol::StoryGeneration how = generation_of(chosen_);
    marked_.erase(chosen_);
    Workspace& w = w_;
    const Text before = text_;
    const std::size_t caret = caret_;
    keep_marked([&w, before, caret, piece, how, as_it_came] {
      if (as_it_came) w.story.accepted(before, caret, piece, how);
    });
    w.edit([&](Editor& e) { e.insert(piece); });
  }

  /// Marked ones become branches beside what is written, from the caret's place on.
  void keep_marked(std::function<void()> then = [] {}) {
    std::vector<protocol::StoryChild> children;
    for (const std::size_t i : marked_) {
      if (texts_[i].empty()) continue;
      protocol::StoryChild child;
      child.text = texts_[i];
      child.origin = "model";
      child.generation = generation_of(i);
      children.push_back(std::move(child));
    }
    marked_.clear();
    if (children.empty()) return then();
    w_.keep_branches(text_, caret_, std::move(children), std::move(then));
  }

  Workspace& w_;
  std::shared_ptr<bool> alive_;
  const std::size_t n_;
  DaemonLink::Ticket ticket_ = 0;
  Text text_;
  std::size_t caret_ = 0;
  std::vector<std::string> texts_;
  std::vector<protocol::Branch> branches_;
  std::set<std::size_t> marked_;
  std::size_t chosen_ = 0;
  bool is_wide_ = true;
  std::string model_;
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

}  // namespace understory::tui
