// F3: a passage token by token. Colour says how likely the model found each; on a token stand the
// others it might have been, and choosing one branches there.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tui/app/keyed_page.h"
#include "tui/app/story_pages.h"
#include "tui/app/workspace.h"
#include "tui/layout/wrap.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr std::size_t kContextBytes = 2000;  // read by the model before the passage
constexpr std::size_t kPassageBytes = 3000;
constexpr std::uint32_t kTop = 8;
constexpr int kWidest = 80;  // columns of the passage

struct Piece {
  protocol::ScoredToken token;
  std::size_t offset = 0;  // in the text
  std::size_t size = 0;
  Range place;  // in the passage as it is shown
};

Role role_of(double logprob) {
  const double p = std::exp(logprob);
  if (p >= 0.5) return Role::kLikely;
  if (p >= 0.2) return Role::kProbable;
  if (p >= 0.05) return Role::kPossible;
  return p >= 0.01 ? Role::kUnlikely : Role::kRare;
}

std::string percent(double logprob) {
  const double p = 100 * std::exp(logprob);
  char text[16];
  std::snprintf(text, sizeof(text), p < 1 ? "%.2f%%" : "%.0f%%", p);
  return text;
}

std::string visible(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; ++at) {
    text.replace(at, 1, "⏎");
  }
  return text;
}

/// Rows of the passage: [begin, end) of what is shown.
std::vector<Range> rows_of(const std::string& shown, int columns) {
  std::vector<Range> rows;
  for (std::size_t begin = 0; begin < shown.size();) {
    const std::size_t end = std::min(shown.find('\n', begin), shown.size());
    const std::vector<std::size_t> starts =
        wrap(std::string_view(shown).substr(begin, end - begin), std::max(columns, 1));
    for (std::size_t i = 0; i < starts.size(); ++i) {
      rows.push_back({begin + starts[i], i + 1 < starts.size() ? begin + starts[i + 1] : end});
    }
    begin = end + 1;
  }
  return rows;
}

class TokensPage : public KeyedPage {
 public:
  TokensPage(Workspace& w, Range passage)
      : KeyedPage("Token by token"), w_(w), alive_(std::make_shared<bool>(true)) {
    const Text text = w.editor.text();
    const std::size_t caret = w.editor.caret();
    passage.end = std::min(passage.end, passage.begin + kPassageBytes);
    std::size_t from = passage.begin > kContextBytes ? passage.begin - kContextBytes : 0;
    if (from > 0) from = next_word(text, from);
    protocol::ScoreParams params;
    params.text = text.substr(from, passage.end - from);
    params.top = kTop;
    const auto alive = alive_;
    ticket_ = w.link.call(params, [=, this](const Result<protocol::ScoreResult>& scored) {
      if (!*alive) return;
      ticket_ = 0;
      if (!scored) {
        message_ = scored.error().message;
        return;
      }
      message_.clear();
      for (std::size_t i = 0; i < scored->tokens.size(); ++i) {
        Piece piece{scored->tokens[i], from + scored->tokens[i].byte_offset, 0, {}};
        const std::size_t end =
            i + 1 < scored->tokens.size() ? from + scored->tokens[i + 1].byte_offset : passage.end;
        piece.size = end - piece.offset;
        if (end <= passage.begin || piece.size == 0) continue;
        if (piece.offset <= caret) chosen_ = pieces_.size();
        piece.place.begin = shown_.size();
        for (const char c : text.substr(piece.offset, piece.size)) {
          c == '\n' ? shown_ += "⏎\n" : shown_ += c;
        }
        piece.place.end = shown_.size();
        pieces_.push_back(std::move(piece));
      }
    });
  }
  ~TokensPage() override {
    *alive_ = false;
    if (ticket_ != 0) w_.link.cancel(ticket_);
  }

  static const std::vector<PageCommand<TokensPage>>& table() {
    using P = TokensPage;
    static const std::vector<PageCommand<P>> commands = {
        {{kLeft, 0},
         &P::previous,
         {"Left, Right, Home, End", "Left/Right token", "To another token"}},
        {{kRight, 0}, &P::next, {}},
        {{kHome, 0}, &P::to_first, {}},
        {{kEnd, 0}, &P::to_last, {}},
        {{kUp, 0},
         &P::choice_up,
         {"Up, Down", "Up/Down choice", "Through what else the token could have been"}},
        {{kDown, 0}, &P::choice_down, {}},
        {{kEnter, 0},
         &P::branch,
         {"Enter", "Enter branch", "Write that instead; what followed stays in the tree (F2)"}},
    };
    return commands;
  }

 protected:
  std::vector<KeyHelp> key_help() const override { return help_of(table()); }

  void draw_page(Frame& frame, int top) override {
    const int left = margin_of(frame.columns());
    const int limit = frame.columns() - left;
    const bool has_air = frame.rows() >= 16;
    int column = frame.put(top, left, "Token by token", {Role::kTitle}, limit) + 3;
    for (const auto& [role, name] : {std::pair<Role, const char*>{Role::kLikely, "likely"},
                                     {Role::kProbable, "20%"},
                                     {Role::kPossible, "5%"},
                                     {Role::kUnlikely, "1%"},
                                     {Role::kRare, "rare"}}) {
      column = frame.put(top, column, name, {role}, limit) + 1;
    }
    const int first = top + (has_air ? 2 : 1);
    const int last = frame.rows() - 1;
    const int end = last - (has_air ? 1 : 0);
    // The choices need a line for the token and some for the others.
    const int choice_rows = std::min(static_cast<int>(kTop) + 1, std::max((end - first) / 2, 1));
    const int room = std::max(end - choice_rows - (has_air ? 1 : 0) - first, 1);
    const int used = draw_passage(frame, first, room, left, limit);
    draw_choices(frame, first + used + (has_air ? 1 : 0), end, left, limit);
    draw_bottom(frame, message_);
  }

  bool handle_page(const Key& key) override {
    if (key == Key{kEscape, 0} || (key.code >= kF1 && key.code <= kF12)) return false;
    if (pieces_.empty()) return true;
    message_.clear();
    dispatch(table(), *this, key);
    return !is_done_;
  }

  void handle_page_mouse(const Mouse& mouse) override {
    if (pieces_.empty()) return;
    if (mouse.kind == Mouse::Kind::kWheelUp) choice_up();
    if (mouse.kind == Mouse::Kind::kWheelDown) choice_down();
  }

 private:
  std::size_t choices() const { return pieces_[chosen_].token.top.size(); }

  void go_to(std::size_t piece) {
    chosen_ = piece;
    choice_ = 0;
  }
  void previous() { go_to((chosen_ + pieces_.size() - 1) % pieces_.size()); }
  void next() { go_to((chosen_ + 1) % pieces_.size()); }
  void to_first() { go_to(0); }
  void to_last() { go_to(pieces_.size() - 1); }
  void choice_up() { choice_ -= choice_ > 0 ? 1 : 0; }
  void choice_down() { choice_ += choice_ + 1 < choices() ? 1 : 0; }

  /// The passage in colours, scrolled so that the chosen token is on it. Gives the rows it takes.
  int draw_passage(Frame& frame, int first, int room, int left, int limit) {
    const std::vector<Range> rows = rows_of(shown_, std::min(limit - left, kWidest));
    if (pieces_.empty()) return 1;
    std::size_t chosen_row = 0;
    while (chosen_row + 1 < rows.size() &&
           rows[chosen_row + 1].begin <= pieces_[chosen_].place.begin) {
      ++chosen_row;
    }
    const int n = static_cast<int>(rows.size());
    const int scroll =
        std::clamp(static_cast<int>(chosen_row) - room / 2, 0, std::max(n - room, 0));
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      for (int at = 0; at < room && scroll + at < n; ++at) {
        draw_piece(frame, first + at, left, limit, rows[static_cast<std::size_t>(scroll + at)], i);
      }
    }
    return std::min(n, room);
  }

  /// The part of a token that is on a row. Its space is not underlined: words are easier to read.
  void draw_piece(Frame& frame, int row, int left, int limit, const Range& span, std::size_t i) {
    const std::size_t begin = std::max(span.begin, pieces_[i].place.begin);
    const std::size_t end = std::min(span.end, pieces_[i].place.end);
    if (begin >= end) return;
    const std::string_view part = std::string_view(shown_).substr(begin, end - begin);
    const std::size_t space = std::min(part.find_first_not_of(' '), part.size());
    int column = left + column_of(shown_, span.begin, begin);
    const Style style{i == chosen_ ? Role::kPanelChosen : role_of(pieces_[i].token.logprob)};
    const bool is_only_space = space == part.size();
    column = frame.put(row, column, part.substr(0, space),
                       i == chosen_ && is_only_space ? style : Style{Role::kPanel}, limit);
    frame.put(row, column, part.substr(space), style, limit);
  }

  void draw_choices(Frame& frame, int row, int end, int left, int limit) {
    if (pieces_.empty() || row >= end) return;
    const Piece& piece = pieces_[chosen_];
    const std::string text = w_.editor.text().substr(piece.offset, piece.size);
    int column = frame.put(row, left, "“" + visible(text) + "”", {Role::kTitle}, limit);
    frame.put(row++, column, "  " + percent(piece.token.logprob) + "; it could have been",
              {Role::kPanelDim}, limit);
    const std::size_t room = static_cast<std::size_t>(std::max(end - row, 0));
    const std::size_t skip = choice_ >= room ? choice_ - room + 1 : 0;
    for (std::size_t i = skip; i < piece.token.top.size() && row < end; ++i, ++row) {
      const protocol::TopToken& other = piece.token.top[i];
      std::string head = percent(other.logprob);
      head.insert(0, head.size() < 6 ? 6 - head.size() : 0, ' ');
      const Style style{i == choice_ ? Role::kPanelChosen : Role::kPanel};
      constexpr int kTextColumns = 16;
      column = frame.put(row, left, (i == choice_ ? "▶" : " ") + head + "  ", style, limit);
      const int bar_column = column + kTextColumns;
      column = frame.put(row, column, visible(other.text), style, std::min(bar_column, limit));
      if (bar_column + 10 > limit) continue;
      constexpr double kBar = 24;
      const long length = std::lround(kBar * std::exp(other.logprob));
      std::string bar;
      for (long k = 0; k < length; ++k) bar += "▪";
      frame.put(row, bar_column, bar, {Role::kPanelDim}, limit);
    }
  }

  void branch() {
    if (choice_ >= choices()) return;
    const Piece& piece = pieces_[chosen_];
    const std::string text = piece.token.top[choice_].text;
    if (text == w_.editor.text().substr(piece.offset, piece.size)) {
      message_ = "That is what stands there; Down goes to another";
      return;
    }
    if (text.empty() || !is_valid_utf8(text)) {
      message_ = "That is only a part of a character";
      return;
    }
    Workspace& w = w_;
    const std::size_t offset = piece.offset;
    is_done_ = true;
    w.with_story([&w, offset, text] {
      protocol::StoryBranchParams params;
      params.offset = offset;
      params.text = text;
      w.story.change(params, [&w, offset, text](const Result<protocol::StoryChange>& change) {
        if (!change) return w.warn(change.error().message);
        w.edit([&](Editor& e) { e.move_to(offset + text.size()); });
        w.say("A branch begins here; what followed is in the tree (F2)");
        w.ghost.ask(w.editor.text(), w.editor.caret());
      });
    });
  }

  Workspace& w_;
  std::shared_ptr<bool> alive_;
  DaemonLink::Ticket ticket_ = 0;
  std::vector<Piece> pieces_;
  std::string shown_;  // all pieces
  std::size_t chosen_ = 0;
  std::size_t choice_ = 0;
  bool is_done_ = false;
  std::string message_ = "reading …";
};

}  // namespace

void open_tokens(Workspace& w) {
  if (w.link.state().kind != LinkState::Kind::kReady) {
    return w.warn("No daemon yet: " + w.link.state().reason);
  }
  Range passage = w.editor.selection();
  if (passage.empty()) passage = paragraph_at(w.editor.text(), w.editor.caret());
  if (passage.empty()) return w.say("Put the caret into a paragraph, or select a passage");
  w.ghost.interrupted();
  w.open(std::make_unique<TokensPage>(w, passage));
}

std::vector<KeyHelp> token_keys() {
  return help_of(TokensPage::table());
}

}  // namespace understory::tui
