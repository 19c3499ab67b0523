#include "tui/app/pages.h"

#include <algorithm>
#include <ctime>
#include <string>
#include <utility>

#include "tui/app/story_pages.h"
#include "tui/app/workspace.h"
#include "tui/editor/outline.h"

namespace understory::tui {
namespace {

constexpr Style kPlain{Role::kPanel};
constexpr Style kDim{Role::kPanelDim};
constexpr Style kHead{Role::kTitle};
constexpr Style kKey{Role::kKeyName};

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

/// "12,345".
std::string grouped(std::ptrdiff_t n) {
  std::string digits = std::to_string(n < 0 ? -n : n);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return (n < 0 ? "-" : "") + digits;
}

void add_folded(std::vector<Line>& lines, const std::string& text, int columns, Style style) {
  for (const std::string& row : fold(text, columns)) lines.push_back({{row, style}});
}

}  // namespace

std::unique_ptr<Panel> help_page(Workspace& w) {
  return std::make_unique<TextPanel>("Keys", [&w](int columns) {
    std::vector<Line> lines;
    const auto add_group = [&](std::string_view name, const std::vector<KeyHelp>& keys) {
      if (!lines.empty()) lines.push_back({});
      lines.push_back({{std::string(name), kHead}});
      add_key_lines(lines, keys, columns);
    };
    std::string_view group;
    std::vector<std::string> names;  // what the entries' views are of
    names.reserve(commands().size());
    std::vector<KeyHelp> keys;
    for (const Command& command : commands()) {
      std::string name = w.keymap.names_of(command);
      if (command.help.empty() || name.empty()) continue;
      if (command.group != group && !keys.empty()) add_group(group, std::exchange(keys, {}));
      group = command.group;
      names.push_back(std::move(name));
      keys.push_back({names.back(), "", command.help});
    }
    add_group(group, keys);
    add_group("Among continuations (Alt-Enter)", alternatives_keys());
    add_group("In the story tree (F2)", tree_keys());
    add_group("Token by token (F3)", token_keys());
    lines.push_back({});
    add_folded(lines,
               "Keys and theme can be changed in " + default_settings_path().string() +
                   ", for example: [keys] save = \"F12\". Backups of what a session found are in "
                   "NAME~; everything typed is journaled, saved or not.",
               columns, kDim);
    return lines;
  });
}

std::unique_ptr<Panel> welcome_page(Workspace& w) {
  return std::make_unique<TextPanel>("Understory", [&w](int columns) {
    std::vector<Line> lines;
    add_folded(lines,
               "This is a page to write on. Write; when you pause, a dim continuation may appear "
               "after your words. It comes from a model on this machine, and nothing leaves it.",
               columns, kPlain);
    lines.push_back({});
    for (const char* id : {"take-all", "take-word", "take-sentence", "dismiss", "next-alternative",
                           "alternatives", "tree", "save", "quit", "help"}) {
      for (const Command& command : commands()) {
        if (command.id != id) continue;
        lines.push_back({{padded(w.keymap.names_of(command), 16) + " ", kKey},
                         {std::string(command.help), kPlain}});
      }
    }
    lines.push_back({});
    add_folded(lines,
               "What you type is kept as you type it, also when the power goes. The file itself "
               "changes only when you save.",
               columns, kPlain);
    lines.push_back({});
    lines.push_back({{"Enter begins.", kDim}});
    return lines;
  });
}

std::unique_ptr<Panel> statistics_page(Workspace& w) {
  return std::make_unique<TextPanel>("Statistics", [&w](int columns) {
    const Text& text = w.editor.text();
    std::vector<Line> lines;
    const auto row = [&](const std::string& name, const std::string& value) {
      lines.push_back({{padded(name, 18), kDim}, {value, kPlain}});
    };
    row("Words", grouped(static_cast<std::ptrdiff_t>(text.n_words())));
    row("Paragraphs", grouped([&] {
          std::ptrdiff_t n = 0;
          bool blank = true;
          text.each_chunk(0, text.size(), [&](std::string_view chunk) {
            for (const char c : chunk) {
              if (c == '\n') blank = true;
              if (c != '\n' && c != '\r' && c != ' ' && c != '\t') {
                n += blank ? 1 : 0;
                blank = false;
              }
            }
          });
          return n;
        }()));
    row("Pages of 300", grouped(static_cast<std::ptrdiff_t>((text.n_words() + 299) / 300)));
    row("This session", grouped(w.session_words()));
    const std::ptrdiff_t today = w.today_words();
    const std::ptrdiff_t goal = w.settings.daily_goal;
    row("Today", grouped(today) + (goal > 0 ? " of " + grouped(goal) : ""));
    if (goal > 0) {
      constexpr std::ptrdiff_t kWidth = 30;
      const std::ptrdiff_t full = std::clamp<std::ptrdiff_t>(today * kWidth / goal, 0, kWidth);
      std::string bar;
      for (std::ptrdiff_t i = 0; i < kWidth; ++i) bar += i < full ? "█" : "·";
      lines.push_back({{padded("", 18), kDim}, {bar, {Role::kEdited}}});
    }
    lines.push_back({});
    lines.push_back({{"Words by day", kHead}});
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    localtime_r(&now, &local);
    std::vector<DayWords> days =
        words_by_day(w.document->word_log(), text.n_words(), now_ms(), local.tm_gmtoff);
    std::reverse(days.begin(), days.end());
    std::ptrdiff_t most = 1;
    for (const DayWords& day : days) most = std::max(most, day.n_words);
    for (const DayWords& day : days) {
      const auto at = static_cast<std::time_t>(day.day * 86'400);
      std::tm date{};
      gmtime_r(&at, &date);
      char name[32];
      std::strftime(name, sizeof(name), "%a %Y-%m-%d", &date);
      const int room = std::max(columns - 18 - 10, 5);
      const auto length = static_cast<std::size_t>(
          std::max<std::ptrdiff_t>(day.n_words * room / most, day.n_words > 0 ? 1 : 0));
      std::string bar;
      for (std::size_t i = 0; i < length; ++i) bar += "▇";
      lines.push_back({{padded(name, 18), kDim},
                       {padded(grouped(day.n_words), 9) + " ", kPlain},
                       {bar, {Role::kFromModel}}});
    }
    return lines;
  });
}

std::unique_ptr<Panel> outline_page(Workspace& w) {
  const std::vector<Heading> headings = headings_of(w.editor.text());
  std::vector<ListPanel::Item> items;
  std::size_t here = 0;
  for (std::size_t i = 0; i < headings.size(); ++i) {
    const Heading& h = headings[i];
    if (h.offset <= w.editor.caret()) here = i;
    const std::string indent(static_cast<std::size_t>(h.level - 1) * 2, ' ');
    items.push_back({{{indent + h.title, kPlain},
                      {"  " + grouped(static_cast<std::ptrdiff_t>(h.n_words)) + " words", kDim}},
                     h.title});
  }
  auto panel = std::make_unique<ListPanel>(
      headings.empty() ? "Chapters: lines that begin with # are headings" : "Chapters",
      std::move(items),
      [&w, headings](std::size_t i) { w.edit([&](Editor& e) { e.move_to(headings[i].offset); }); });
  panel->select(here);
  return panel;
}

namespace {

/// The first misspelt word at or after an offset, looked for a while.
Range next_misspelt(Workspace& w, std::size_t from) {
  const Text& text = w.editor.text();
  constexpr int kWords = 5000;
  std::size_t at = word_at(text, from).begin;
  for (int i = 0; i < kWords && at < text.size(); ++i) {
    const std::size_t end = next_word(text, at);
    const Range word = word_at(text, end);
    if (word.empty()) break;
    if (w.speller->is_misspelt(text.substr(word.begin, word.size()))) return word;
    at = std::max(end, at + 1);
  }
  return {from, from};
}

}  // namespace

void open_spelling(Workspace& w) {
  if (!w.speller) w.open_speller();
  if (!w.speller) return w.warn(w.spelling_problem);
  Range word = word_at(w.editor.text(), w.editor.caret());
  if (word.empty() || !w.speller->is_misspelt(w.editor.text().substr(word.begin, word.size()))) {
    word = next_misspelt(w, w.editor.caret());
  }
  if (word.empty()) return w.say("No misspelt word is known from here on; F7 looks again");
  w.edit([&](Editor& e) { e.select(word); });
  const std::string bytes = w.editor.text().substr(word.begin, word.size());
  std::vector<std::string> choices = w.speller->suggestions(bytes);
  constexpr std::size_t kMost = 12;
  if (choices.size() > kMost) choices.resize(kMost);
  std::vector<ListPanel::Item> items;
  for (const std::string& choice : choices) items.push_back({{{choice, kPlain}}, choice});
  items.push_back({{{"Add to my dictionary", kDim}}, ""});
  items.push_back({{{"Ignore until I leave", kDim}}, ""});
  // The sentence stays in sight above it.
  auto panel = std::make_unique<ListPanel>(
      "Spelling: " + bytes, std::move(items), [&w, choices, bytes, word](std::size_t i) {
        if (i < choices.size()) {
          if (!w.refuses_edit()) w.edit([&](Editor& e) { e.replace(word, choices[i]); });
        } else if (i == choices.size()) {
          if (const Status s = w.speller->add_word(bytes); !s) w.warn(s.error().message);
        } else {
          w.speller->ignore_word(bytes);
        }
        w.editor.clear_selection();
      });
  panel->as_bar(static_cast<int>(kMost) / 2 + 2);
  w.open(std::move(panel));
}

}  // namespace understory::tui
