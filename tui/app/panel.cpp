#include "tui/app/panel.h"

#include <algorithm>

#include "base/utf8.h"
#include "tui/layout/wrap.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr Style kTitleStyle{Role::kTitle};
constexpr Style kPanelStyle{Role::kPanel};
constexpr Style kDimStyle{Role::kPanelDim};
constexpr Style kChosenStyle{Role::kPanelChosen};

bool is_closing(const Key& key) {
  return key == Key{kEscape, 0} || key == Key{kEnter, 0} || key == Key{U'q', 0};
}

}  // namespace

int margin_of(int columns) {
  constexpr int kWidest = 100;
  return columns > kWidest + 4 ? (columns - kWidest) / 2 : columns > 30 ? 2 : 0;
}

int put_line(Frame& frame, int row, int column, const Line& line, int limit) {
  for (const Span& span : line) column = frame.put(row, column, span.text, span.style, limit);
  return column;
}

std::vector<std::string> fold(std::string_view text, int columns) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    const std::vector<std::size_t> rows = wrap(part, std::max(columns, 1));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t to = i + 1 < rows.size() ? rows[i + 1] : part.size();
      lines.emplace_back(part.substr(rows[i], to - rows[i]));
    }
    begin = end + 1;
  }
  return lines;
}

std::string one_line(std::string_view text) {
  std::string line;
  std::size_t feeds = 0;
  bool has_space = false;
  for (const char c : text) {
    if (c == '\n') ++feeds;
    if (c == '\n' || c == ' ' || c == '\t' || c == '\r') {
      has_space = true;
      continue;
    }
    if (!line.empty() && has_space) line += feeds > 1 ? " ¶ " : " ";
    feeds = 0;
    has_space = false;
    line += c;
  }
  return line;
}

// --- TextPanel ---------------------------------------------------------------------------

void TextPanel::draw(Frame& frame, int top) {
  const int left = margin_of(frame.columns());
  const std::vector<Line> lines = lines_(frame.columns() - 2 * left);
  frame.put(top, left, title_, kTitleStyle);
  const int first = top + (frame.rows() - top > 8 ? 2 : 1);
  page_ = std::max(frame.rows() - first, 1);
  const int n = static_cast<int>(lines.size());
  scroll_ = std::clamp(scroll_, 0, std::max(n - page_, 0));
  for (int i = 0; i < page_ && scroll_ + i < n; ++i) {
    put_line(frame, first + i, left, lines[static_cast<std::size_t>(scroll_ + i)],
             frame.columns() - left);
  }
  if (n > page_) {
    const std::string more = std::to_string(scroll_ + page_) + "/" + std::to_string(n);
    frame.put(top, std::max(frame.columns() - left - static_cast<int>(more.size()), 0), more,
              kDimStyle);
  }
}

bool TextPanel::handle(const Key& key) {
  switch (key.code) {
    case kUp:
      --scroll_;
      return true;
    case kDown:
      ++scroll_;
      return true;
    case kPageUp:
      scroll_ -= page_;
      return true;
    case kPageDown:
    case U' ':
      scroll_ += page_;
      return true;
    case kHome:
      scroll_ = 0;
      return true;
    case kEnd:
      scroll_ = 1 << 20;
      return true;
    default:
      return !is_closing(key) && !(key.code >= kF1 && key.code <= kF12);
  }
}

bool TextPanel::handle_mouse(const Mouse& mouse) {
  if (mouse.kind == Mouse::Kind::kWheelUp) scroll_ -= 3;
  if (mouse.kind == Mouse::Kind::kWheelDown) scroll_ += 3;
  return true;
}

// --- ListPanel ---------------------------------------------------------------------------

std::vector<std::size_t> ListPanel::visible() const {
  std::vector<std::size_t> indices;
  const auto folded = [](const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const Decoded d = decode_utf8(text, at);
      append_utf8(out, fold_case(d.code_point));
      at += d.length;
    }
    return out;
  };
  const std::string wanted = folded(filter_);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (wanted.empty() || folded(items_[i].text).find(wanted) != std::string::npos) {
      indices.push_back(i);
    }
  }
  return indices;
}

int ListPanel::bar_rows(int columns) const {
  (void)columns;
  return std::min(bar_rows_, static_cast<int>(items_.size()) + 1);
}

void ListPanel::draw(Frame& frame, int top) {
  const bool is_bar = bar_rows_ > 0;
  const int left = is_bar ? frame.columns() >= 40 ? 1 : 0 : margin_of(frame.columns());
  for (int row = top; is_bar && row < frame.rows(); ++row) {
    frame.fill(row, 0, frame.columns(), kPanelStyle);
  }
  const std::vector<std::size_t> shown = visible();
  int column = frame.put(top, left, title_, kTitleStyle);
  if (!filter_.empty()) frame.put(top, column, "  /" + filter_, kDimStyle);
  list_top_ = top + (frame.rows() - top > 8 && !is_bar ? 2 : 1);
  rows_ = std::max(frame.rows() - list_top_, 1);
  chosen_ = shown.empty() ? 0 : std::min(chosen_, shown.size() - 1);
  const auto rows = static_cast<std::size_t>(rows_);
  first_ = std::clamp(first_, chosen_ >= rows ? chosen_ - rows + 1 : 0, chosen_);
  if (shown.empty()) frame.put(list_top_, left, "Nothing here", kDimStyle);
  for (std::size_t i = 0; i < rows && first_ + i < shown.size(); ++i) {
    const int row = list_top_ + static_cast<int>(i);
    put_line(frame, row, left, items_[shown[first_ + i]].line, frame.columns() - left);
    if (first_ + i == chosen_) {
      frame.restyle(row, left, frame.columns() - 2 * left, kChosenStyle);
      frame.set_cursor(row, left);
    }
  }
}

bool ListPanel::take() {
  const std::vector<std::size_t> shown = visible();
  if (chosen_ < shown.size()) choose_(shown[chosen_]);
  return false;
}

bool ListPanel::handle(const Key& key) {
  const std::size_t n = visible().size();
  const auto page = static_cast<std::size_t>(rows_);
  switch (key.code) {
    case kUp:
      chosen_ -= chosen_ > 0 ? 1 : 0;
      return true;
    case kDown:
      chosen_ += chosen_ + 1 < n ? 1 : 0;
      return true;
    case kPageUp:
      chosen_ -= std::min(chosen_, page);
      return true;
    case kPageDown:
      chosen_ = n == 0 ? 0 : std::min(chosen_ + page, n - 1);
      return true;
    case kHome:
      chosen_ = 0;
      return true;
    case kEnd:
      chosen_ = n == 0 ? 0 : n - 1;
      return true;
    case kEnter:
      return take();
    case kEscape:
      return false;
    case kBackspace:
      while (!filter_.empty() && is_continuation(filter_.back())) filter_.pop_back();
      if (!filter_.empty()) filter_.pop_back();
      return true;
    default:
      break;
  }
  if (key.is_text()) append_utf8(filter_, key.code);
  return true;
}

bool ListPanel::handle_mouse(const Mouse& mouse) {
  if (mouse.kind == Mouse::Kind::kWheelUp) return handle({kUp, 0});
  if (mouse.kind == Mouse::Kind::kWheelDown) return handle({kDown, 0});
  if (mouse.kind != Mouse::Kind::kPress || mouse.row < list_top_) return true;
  const std::size_t at = first_ + static_cast<std::size_t>(mouse.row - list_top_);
  if (at >= visible().size()) return true;
  chosen_ = at;
  return take();
}

// --- QuestionBar -------------------------------------------------------------------------

std::vector<std::string> QuestionBar::lines(int columns) const {
  std::string text = question_;
  for (const Answer& answer : answers_) text += "  " + answer.label;
  return fold(text, columns);
}

int QuestionBar::bar_rows(int columns) const {
  return static_cast<int>(lines(columns).size());
}

void QuestionBar::draw(Frame& frame, int top) {
  int row = top;
  for (const std::string& line : lines(frame.columns())) {
    frame.fill(row, 0, frame.columns(), kPanelStyle);
    // What stands in brackets is the key to press.
    int column = 0;
    for (std::size_t at = 0; at < line.size();) {
      const bool is_key = line[at] == '[';
      std::size_t end = is_key ? line.find(']', at) : line.find('[', at);
      end = end == std::string::npos ? line.size() : end + (is_key ? 1 : 0);
      column = frame.put(row, column, line.substr(at, end - at),
                         {is_key ? Role::kKeyName : Role::kStatusWarn});
      at = end;
    }
    frame.set_cursor(row, std::min(column, frame.columns() - 1));
    ++row;
  }
}

bool QuestionBar::handle(const Key& key) {
  for (const Answer& answer : answers_) {
    if (fold_case(key.code) != answer.key || (key.modifiers & (kAlt | kCtrl)) != 0) continue;
    // The action may open another panel, and this one is gone then.
    const std::function<void()> action = answer.action;
    if (action) action();
    return false;
  }
  return true;
}

// --- LineEdit, InputBar ------------------------------------------------------------------

void LineEdit::set(std::string text) {
  text_ = std::move(text);
  caret_ = text_.size();
}

std::size_t LineEdit::step(bool forward) const {
  if (forward) return caret_ < text_.size() ? caret_ + cluster_at(text_, caret_).length : caret_;
  std::size_t at = 0;
  std::size_t before = 0;
  while (at < caret_) {
    before = at;
    at += cluster_at(text_, at).length;
  }
  return before;
}

void LineEdit::insert(std::string_view text) {
  std::string line(text.substr(0, text.find_first_of("\r\n")));
  text_.insert(caret_, line);
  caret_ += line.size();
}

bool LineEdit::handle(const Key& key) {
  if (key.is_text()) {
    std::string typed;
    append_utf8(typed, key.code);
    insert(typed);
    return true;
  }
  if (key == Key{U'u', kCtrl}) return set({}), true;
  if (key.modifiers != 0) return false;
  switch (key.code) {
    case kLeft:
      caret_ = step(false);
      return true;
    case kRight:
      caret_ = step(true);
      return true;
    case kHome:
      caret_ = 0;
      return true;
    case kEnd:
      caret_ = text_.size();
      return true;
    case kBackspace: {
      const std::size_t from = step(false);
      text_.erase(from, caret_ - from);
      caret_ = from;
      return true;
    }
    case kDelete:
      text_.erase(caret_, step(true) - caret_);
      return true;
    default:
      return false;
  }
}

void LineEdit::draw(Frame& frame, int row, int column, int limit, bool has_focus) const {
  // The part before the caret that fits, and what follows.
  const int room = std::max(limit - column - 1, 1);
  std::size_t from = 0;
  while (display_width(std::string_view(text_).substr(from, caret_ - from)) > room) {
    from += cluster_at(text_, from).length;
  }
  frame.fill(row, column, limit - column, {Role::kPanel});
  frame.put(row, column, std::string_view(text_).substr(from), {Role::kPanel}, limit);
  if (has_focus) {
    frame.set_cursor(row,
                     column + display_width(std::string_view(text_).substr(from, caret_ - from)));
  }
}

void InputBar::draw(Frame& frame, int top) {
  frame.fill(top, 0, frame.columns(), kPanelStyle);
  const int column = frame.put(top, 0, prompt_ + " ", kTitleStyle, frame.columns() / 2);
  edit_.draw(frame, top, column, frame.columns(), true);
}

bool InputBar::handle(const Key& key) {
  if (key == Key{kEscape, 0}) return false;
  if (key == Key{kEnter, 0}) {
    const auto enter = enter_;
    const std::string text = edit_.text();
    enter(text);
    return false;
  }
  edit_.handle(key);
  return true;
}

bool InputBar::handle_paste(std::string_view text) {
  edit_.insert(text);
  return true;
}

}  // namespace understory::tui
