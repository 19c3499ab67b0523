#include "tui/app/keyed_page.h"

#include <algorithm>

#include "tui/text/unicode.h"

namespace understory::tui {

Line brief_line(const std::vector<KeyHelp>& help, int columns) {
  constexpr std::string_view kEnd = "F1 keys · Esc";
  constexpr std::string_view kGap = " · ";
  Line line;
  int room = columns - display_width(kEnd);
  for (const KeyHelp& entry : help) {
    if (entry.brief.empty()) continue;
    const std::size_t space = entry.brief.find(' ');
    const int width = display_width(entry.brief) + display_width(kGap);
    if (width > room) break;
    room -= width;
    line.push_back({std::string(entry.brief.substr(0, space)), {Role::kKeyName}});
    if (space != std::string_view::npos) {
      line.push_back({std::string(entry.brief.substr(space)), {Role::kPanelDim}});
    }
    line.push_back({std::string(kGap), {Role::kPanelDim}});
  }
  line.push_back({"F1", {Role::kKeyName}});
  line.push_back({" keys · ", {Role::kPanelDim}});
  line.push_back({"Esc", {Role::kKeyName}});
  return line;
}

void add_key_lines(std::vector<Line>& lines, const std::vector<KeyHelp>& help, int columns) {
  const int key_width = columns >= 60 ? 26 : 14;
  const int room = std::max(columns - key_width - 1, 8);
  for (const KeyHelp& entry : help) {
    std::string keys(entry.keys);
    if (display_width(keys) > key_width) {
      lines.push_back({{keys, {Role::kKeyName}}});
      keys.clear();
    }
    for (const std::string& row : fold(entry.help, room)) {
      const int gap = key_width + 1 - display_width(keys);
      lines.push_back({{keys + std::string(static_cast<std::size_t>(gap), ' '), {Role::kKeyName}},
                       {row, {Role::kPanel}}});
      keys.clear();
    }
  }
}

void KeyedPage::draw(Frame& frame, int top) {
  over_ ? over_->draw(frame, top) : draw_page(frame, top);
}

bool KeyedPage::handle(const Key& key) {
  if (over_) {
    // It may open another one while it works.
    std::unique_ptr<Panel> open = std::move(over_);
    if (open->handle(key) && !over_) over_ = std::move(open);
    return true;
  }
  if (key == Key{kF1, 0}) {
    open_over(std::make_unique<TextPanel>(title_ + ": keys", [help = key_help()](int columns) {
      std::vector<Line> lines;
      add_key_lines(lines, help, columns);
      return lines;
    }));
    return true;
  }
  return handle_page(key);
}

bool KeyedPage::handle_mouse(const Mouse& mouse) {
  if (over_) {
    if (!over_->handle_mouse(mouse)) over_.reset();
  } else {
    handle_page_mouse(mouse);
  }
  return true;
}

void KeyedPage::draw_bottom(Frame& frame, const std::string& message) const {
  const int left = margin_of(frame.columns());
  const int limit = frame.columns() - left;
  if (message.empty()) {
    put_line(frame, frame.rows() - 1, left, brief_line(key_help(), limit - left), limit);
  } else {
    frame.put(frame.rows() - 1, left, message, {Role::kStatusWarn}, limit);
  }
}

}  // namespace understory::tui
