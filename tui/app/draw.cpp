// Drawing the desk: the page, the status line, the panel.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "tui/app/workspace.h"
#include "tui/editor/outline.h"
#include "tui/layout/wrap.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr std::size_t kMaxMatchesShown = 200;

std::string rounded(double value) {
  return std::to_string(static_cast<long>(std::lround(value)));
}

std::string grouped(std::ptrdiff_t n) {
  std::string digits = std::to_string(n < 0 ? -n : n);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return (n < 0 ? "-" : "") + digits;
}

int width_of(const Line& line) {
  int width = 0;
  for (const Span& span : line) width += display_width(span.text);
  return width;
}

/// Restyles the part of a row that lies in a range of places.
void restyle_places(Frame& frame, int row, int left, const LaidBlock& laid, const RowSpan& span,
                    Range places, Style style) {
  const std::size_t begin = std::max(places.begin, span.begin);
  const std::size_t end = std::min(places.end, span.end);
  if (begin >= end) return;
  const int from = column_of(laid.shown, span.begin, begin);
  const int to = column_of(laid.shown, span.begin, end);
  frame.restyle(row, left + from, to - from, style);
}

}  // namespace

int Workspace::text_rows() const {
  return std::max(rows_ - 1 - top_rows(), 1);
}

/// A little air above the text where there is room.
int Workspace::top_rows() const {
  return rows_ >= 16 ? 1 : 0;
}

int Workspace::left_margin() const {
  return std::max((columns_ - view.measure()) / 2, 0);
}

void Workspace::resize(int rows, int columns) {
  if (rows > 0) rows_ = rows;
  if (columns > 0) columns_ = columns;
  view.resize(text_rows(), columns_, settings.measure);
  editor.set_view(view.measure(), text_rows());
  follows_caret_ = true;
}

void Workspace::layout() {
  const Ghost shown = ghost.ghost();
  const int bar = panel ? panel->bar_rows(columns_) : 0;
  const int rows = std::max(rows_ - top_rows() - std::max(bar, 1), 1);
  view.resize(rows, columns_, settings.measure);
  editor.set_view(view.measure(), rows);
  int below = 0;
  if (!shown.text.empty()) {
    // Room for the suggestion, but never more than half of the page.
    const Block block = block_at(editor.text(), editor.caret());
    const LaidBlock with = lay(editor.text(), block, view.measure(), &shown);
    const std::size_t caret_row = with.row_of(editor.caret());
    std::size_t last = caret_row;
    while (last + 1 < with.rows.size() && with.rows[last + 1].begin < with.ghost_end) ++last;
    below = std::min(static_cast<int>(last - caret_row), rows / 2);
  }
  if (follows_caret_) view.show(editor.text(), editor.caret(), below, settings.typewriter);
  page_ = view.page(editor.text(), &shown);
}

Range Workspace::focus_range() const {
  switch (settings.focus) {
    case FocusMode::kParagraph:
      return paragraph_at(editor.text(), editor.caret());
    case FocusMode::kSentence:
      return sentence_at(editor.text(), editor.caret());
    default:
      return {0, editor.text().size() + 1};
  }
}

/// What stands out in a block: dimmed parts, misspelt words, matches, the selection; later ones
/// win.
std::vector<Workspace::Mark> Workspace::marks_of(const LaidBlock& laid) const {
  const Block& block = laid.block;
  const Text& text = editor.text();
  std::vector<Mark> marks;
  if (settings.focus != FocusMode::kOff) {
    const Range focus = focus_range();
    marks.push_back({{block.begin, std::min(focus.begin, block.end)}, {Role::kDimmed}});
    marks.push_back({{std::max(focus.end, block.begin), block.end}, {Role::kDimmed}});
  }
  const std::string bytes =
      speller || search ? text.substr(block.begin, block.end - block.begin) : std::string();
  if (speller) {
    for (const Range& word : words_of(bytes)) {
      const Range range{block.begin + word.begin, block.begin + word.end};
      // The word being typed is not judged yet.
      const bool is_typing = range.begin <= editor.caret() && editor.caret() <= range.end;
      if (is_typing) continue;
      if (speller->is_misspelt(std::string_view(bytes).substr(word.begin, word.size()))) {
        marks.push_back({range, {Role::kMisspelt}});
      }
    }
  }
  if (search) {
    for (const Range& match : search->all(bytes, kMaxMatchesShown)) {
      marks.push_back({{block.begin + match.begin, block.begin + match.end}, {Role::kMatch}});
    }
  }
  if (editor.has_selection()) marks.push_back({editor.selection(), {Role::kSelected}});
  return marks;
}

void Workspace::draw_row(Frame& frame, int row, const LaidBlock& laid, std::size_t index,
                         const std::vector<Mark>& marks) {
  const RowSpan& span = laid.rows[index];
  const int left = left_margin();
  const bool is_heading = laid.block.is_line_start && heading_level(laid.shown) > 0;
  frame.put(row, left, std::string_view(laid.shown).substr(span.begin, span.end - span.begin),
            {is_heading ? Role::kHeading : Role::kText});
  for (const Mark& mark : marks) {
    const std::size_t from = std::max(mark.range.begin, laid.block.begin);
    const std::size_t to = std::min(mark.range.end, laid.block.end);
    if (from >= to) continue;
    std::size_t begin = laid.place_of(from);
    if (laid.has_ghost() && begin == laid.ghost_begin) begin = laid.ghost_end;
    restyle_places(frame, row, left, laid, span, {begin, laid.place_of(to)}, mark.style);
  }
  // A selected line end shows as one cell.
  const Range selected = editor.selection();
  const bool is_end = index + 1 == laid.rows.size() && laid.block.is_line_end;
  if (is_end && selected.begin <= laid.block.end && selected.end > laid.block.end) {
    const int column = left + column_of(laid.shown, span.begin, span.end);
    frame.restyle(row, column, 1, {Role::kSelected});
  }
  if (laid.has_ghost()) {
    restyle_places(frame, row, left, laid, span, {laid.ghost_begin, laid.ghost_end},
                   {Role::kGhost, false, true, false});
  }
}

void Workspace::draw_page(Frame& frame) {
  layout();
  int row = top_rows() + page_.blank_above;
  const std::size_t caret_block = block_at(editor.text(), editor.caret()).begin;
  std::vector<Mark> marks;
  std::size_t marked_block = page_.blocks.size();
  for (std::size_t i = 0; i < page_.rows.size() && row < frame.rows(); ++i, ++row) {
    const Viewport::ShownRow& shown = page_.rows[i];
    const LaidBlock& laid = page_.blocks[shown.block];
    if (marked_block != shown.block) marks = marks_of(laid);
    marked_block = shown.block;
    draw_row(frame, row, laid, shown.row, marks);
    if (laid.block.begin == caret_block && laid.row_of(editor.caret()) == shown.row) {
      frame.set_cursor(row, left_margin() + laid.column_of(editor.caret()));
    }
  }
}

std::string Workspace::why_no_suggestion() const {
  const LinkState state = link.state();
  switch (state.kind) {
    case LinkState::Kind::kConnecting:
      return "connecting";
    case LinkState::Kind::kStarting:
      return "starting the daemon";
    case LinkState::Kind::kLoading:
      return "loading the model " + rounded(state.progress * 100) + "%";
    case LinkState::Kind::kAbsent:
      return "no suggestions: " + state.reason;
    case LinkState::Kind::kReady:
      break;
  }
  return ghost.problem().empty() ? "" : "no suggestion: " + ghost.problem();
}

Line Workspace::status_left() const {
  Line line{{document->path().filename().string(), {Role::kStatus}}};
  if (document->is_read_only()) {
    line.push_back({" read-only", {Role::kStatusWarn}});
  } else if (document->is_modified()) {
    line.push_back({" •", {Role::kStatus}});
  }
  const std::string problem = document->journal_problem();
  if (!problem.empty()) {
    line.push_back({"  NOT JOURNALED: " + problem + ". Save now.", {Role::kStatusWarn}});
  }
  if (!message_.empty()) {
    line.push_back({"  " + message_, {message_warns_ ? Role::kStatusWarn : Role::kStatus}});
  }
  return line;
}

/// Ranks say what stays where not all of it fits: 0 first.
std::vector<Workspace::StatusPart> Workspace::status_right() const {
  std::vector<StatusPart> parts;
  const auto add = [&](int rank, std::string text, Role role = Role::kStatus) {
    parts.push_back({rank, std::move(text), role});
  };
  const Suggestion& suggestion = ghost.suggestion();
  if (ghost.is_showing() && suggestion.n_alternatives() > 1) {
    add(0,
        std::to_string(suggestion.position()) + "/" + std::to_string(suggestion.n_alternatives()));
  } else if (ghost.is_asking()) {
    add(0, "…");
  }
  std::string words = grouped(static_cast<std::ptrdiff_t>(editor.text().n_words())) + " words";
  if (editor.has_selection()) {
    const Range range = editor.selection();
    words =
        grouped(static_cast<std::ptrdiff_t>(editor.text().n_words_in(range.begin, range.size()))) +
        " of " + words;
  }
  add(1, words);
  const std::ptrdiff_t session = session_words();
  const bool has_goal = settings.daily_goal > 0;
  if (session != 0 && !(has_goal && session == today_words())) {
    add(7, (session > 0 ? "+" : "") + grouped(session));
  }
  if (has_goal) {
    add(4, "today " + grouped(today_words()) + "/" + grouped(settings.daily_goal),
        today_words() >= settings.daily_goal ? Role::kEdited : Role::kStatus);
  }
  const LinkState state = link.state();
  const std::string why = why_no_suggestion();
  if (!why.empty()) {
    add(2, why, state.kind == LinkState::Kind::kAbsent ? Role::kStatusWarn : Role::kStatus);
  } else {
    const std::string device = state.device.substr(0, state.device.find(" ("));
    add(5, state.model + (device.empty() ? "" : " on " + device));
    if (ghost.ttft_ms() > 0) {
      const bool is_at_once = ghost.ttft_ms() < 1;  // thought of ahead
      add(8, is_at_once ? "at once" : rounded(ghost.ttft_ms()) + " ms");
      if (ghost.decode_tok_s() >= 1) add(9, rounded(ghost.decode_tok_s()) + " tok/s");
    }
    if (!ghost.in_play().empty()) add(6, ghost.in_play());
    if (!ghost.is_on()) add(6, "by hand");
  }
  add(3, "F1 help");
  return parts;
}

void Workspace::draw_status(Frame& frame) {
  const int row = frame.rows() - 1;
  const Line left = status_left();
  const int edge = columns_ >= 40 ? 1 : 0;
  int room = columns_ - 2 * edge - width_of(left) - 2;
  std::vector<StatusPart> parts = status_right();
  std::vector<std::size_t> by_rank(parts.size());
  std::iota(by_rank.begin(), by_rank.end(), std::size_t{0});
  std::stable_sort(by_rank.begin(), by_rank.end(),
                   [&](std::size_t a, std::size_t b) { return parts[a].rank < parts[b].rank; });
  constexpr int kGap = 3;
  int width = 0;
  std::vector<bool> fits(parts.size(), false);
  for (const std::size_t i : by_rank) {
    StatusPart& part = parts[i];
    const int gap = width == 0 ? 0 : kGap;
    // A long reason is cut rather than left out.
    constexpr int kWorthShowing = 24;
    if (display_width(part.text) + gap > room && part.rank == 2 && room >= kWorthShowing + gap) {
      part.text = std::string(clip_to_width(part.text, room - gap - 1)) + "…";
    }
    const int needed = display_width(part.text) + gap;
    if (needed > room) continue;
    fits[i] = true;
    room -= needed;
    width += needed;
  }
  put_line(frame, row, edge, left, columns_ - edge);
  int column = columns_ - edge - width;
  bool is_first = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!fits[i]) continue;
    if (!is_first) column = frame.put(row, column, " · ", {Role::kStatus});
    column = frame.put(row, column, parts[i].text, {parts[i].role});
    is_first = false;
  }
}

Frame Workspace::draw() {
  Frame frame(rows_, columns_);
  const int bar = panel ? panel->bar_rows(columns_) : 0;
  if (panel && bar == 0) {
    panel->draw(frame, 0);
    return frame;
  }
  draw_page(frame);
  if (panel) {
    panel->draw(frame, std::max(rows_ - bar, 0));
  } else {
    draw_status(frame);
  }
  return frame;
}

}  // namespace understory::tui
