// F3: a passage token by token. Colour says how likely the model found each; on a token stand the
// others it might have been, and choosing one branches there.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tui/app/story_pages.h"
#include "tui/app/workspace.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr std::size_t kContextBytes = 2000;  // read by the model before the passage
constexpr std::size_t kPassageBytes = 3000;
constexpr std::uint32_t kTop = 8;

struct Piece {
  protocol::ScoredToken token;
  std::size_t offset = 0;  // in the text
  std::size_t size = 0;
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

class TokensPage : public Panel {
 public:
  TokensPage(Workspace& w, Range passage) : w_(w), alive_(std::make_shared<bool>(true)) {
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
        Piece piece{scored->tokens[i], from + scored->tokens[i].byte_offset, 0};
        const std::size_t end =
            i + 1 < scored->tokens.size() ? from + scored->tokens[i + 1].byte_offset : passage.end;
        piece.size = end - piece.offset;
        if (end <= passage.begin || piece.size == 0) continue;
        if (piece.offset <= caret) chosen_ = pieces_.size();
        pieces_.push_back(std::move(piece));
      }
    });
  }
  ~TokensPage() override {
    *alive_ = false;
    if (ticket_ != 0) w_.link.cancel(ticket_);
  }

  void draw(Frame& frame, int top) override {
    const int columns = frame.columns();
    frame.put(top, 0, "Token by token", {Role::kTitle});
    int column = 18;
    for (const auto& [role, name] : {std::pair<Role, const char*>{Role::kLikely, "likely"},
                                     {Role::kProbable, "20%"},
                                     {Role::kPossible, "5%"},
                                     {Role::kUnlikely, "1%"},
                                     {Role::kRare, "rare"}}) {
      column = frame.put(top, column, name, {role}) + 1;
    }
    const int last = frame.rows() - 1;
    const int list_rows = std::min<int>(kTop + 1, std::max((last - top) / 2, 1));
    draw_passage(frame, top + 1, last - list_rows - 1, columns);
    draw_choices(frame, last - list_rows, last, columns);
    frame.put(last, 0,
              message_.empty() ? "Left, Right: token · Up, Down: choice · Enter: branch there · Esc"
                               : message_,
              {message_.empty() ? Role::kPanelDim : Role::kStatusWarn});
  }

  bool handle(const Key& key) override {
    if (key == Key{kEscape, 0} || (key.code >= kF1 && key.code <= kF12)) return false;
    if (pieces_.empty()) return true;
    if (key.code == kLeft || key.code == kRight) {
      const std::size_t step = key.code == kRight ? 1 : pieces_.size() - 1;
      chosen_ = (chosen_ + step) % pieces_.size();
      choice_ = 0;
    } else if (key.code == kDown) {
      choice_ = std::min(choice_ + 1, std::max<std::size_t>(choices(), 1) - 1);
    } else if (key.code == kUp) {
      choice_ -= choice_ > 0 ? 1 : 0;
    } else if (key.code == kHome) {
      chosen_ = 0;
    } else if (key.code == kEnd) {
      chosen_ = pieces_.size() - 1;
    } else if (key == Key{kEnter, 0} && choice_ < choices()) {
      return branch(), false;
    }
    return true;
  }

 private:
  std::size_t choices() const { return pieces_[chosen_].token.top.size(); }

  /// The passage in colours, scrolled so that the chosen token is on it.
  void draw_passage(Frame& frame, int first, int end, int columns) {
    const std::size_t width = static_cast<std::size_t>(std::clamp(columns - 2, 1, 100));
    struct Place {
      int row;
      int column;
    };
    std::vector<Place> places;
    int row = 0;
    int column = 0;
    for (const Piece& piece : pieces_) {
      const std::string text = visible(w_.editor.text().substr(piece.offset, piece.size));
      const int size = display_width(text);
      if (column > 0 && column + size > static_cast<int>(width)) {
        ++row;
        column = 0;
      }
      places.push_back({row, column});
      column += size;
      if (text.find("⏎") != std::string::npos) {
        ++row;
        column = 0;
      }
    }
    if (pieces_.empty()) return;
    const int rows = std::max(end - first, 1);
    const int scroll = std::max(places[chosen_].row - rows + 1, 0);
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const int at = places[i].row - scroll;
      if (at < 0 || at >= rows) continue;
      const std::string text = visible(w_.editor.text().substr(pieces_[i].offset, pieces_[i].size));
      Style style{role_of(pieces_[i].token.logprob)};
      if (i == chosen_) style = {Role::kPanelChosen};
      frame.put(first + at, 1 + places[i].column, text, style, columns);
    }
  }

  void draw_choices(Frame& frame, int row, int end, int columns) {
    if (pieces_.empty()) return;
    const Piece& piece = pieces_[chosen_];
    const std::string text = w_.editor.text().substr(piece.offset, piece.size);
    frame.put(row++, 1, "“" + visible(text) + "”  " + percent(piece.token.logprob), {Role::kTitle},
              columns);
    for (std::size_t i = 0; i < piece.token.top.size() && row < end; ++i, ++row) {
      const protocol::TopToken& other = piece.token.top[i];
      std::string head = percent(other.logprob);
      head.insert(0, head.size() < 7 ? 7 - head.size() : 0, ' ');
      frame.put(row, 1, head + "  " + visible(other.text),
                {i == choice_ ? Role::kPanelChosen : role_of(other.logprob)}, columns);
    }
  }

  void branch() {
    const Piece& piece = pieces_[chosen_];
    const std::string text = piece.token.top[choice_].text;
    Workspace& w = w_;
    const std::size_t offset = piece.offset;
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
  std::size_t chosen_ = 0;
  std::size_t choice_ = 0;
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

}  // namespace understory::tui
