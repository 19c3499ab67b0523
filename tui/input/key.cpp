#include "tui/input/key.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr std::array<std::pair<char32_t, std::string_view>, 15> kNames = {{
    {kUp, "Up"},
    {kDown, "Down"},
    {kLeft, "Left"},
    {kRight, "Right"},
    {kHome, "Home"},
    {kEnd, "End"},
    {kPageUp, "PageUp"},
    {kPageDown, "PageDown"},
    {kInsert, "Insert"},
    {kDelete, "Delete"},
    {kEnter, "Enter"},
    {kTab, "Tab"},
    {kBackspace, "Backspace"},
    {kEscape, "Esc"},
    {U' ', "Space"},
}};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Takes "ctrl-" or "ctrl+" off the front.
bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.size() <= prefix.size() + 1 || lower(text.substr(0, prefix.size())) != prefix ||
      (text[prefix.size()] != '-' && text[prefix.size()] != '+')) {
    return false;
  }
  text.remove_prefix(prefix.size() + 1);
  return true;
}

}  // namespace

std::string name_of(const Key& key) {
  std::string name;
  if ((key.modifiers & kCtrl) != 0) name += "Ctrl-";
  if ((key.modifiers & kAlt) != 0) name += "Alt-";
  if ((key.modifiers & kShift) != 0) name += "Shift-";
  if (key.code >= kF1 && key.code <= kF12) return name + "F" + std::to_string(key.code - kF1 + 1);
  for (const auto& [code, text] : kNames) {
    if (key.code == code) return name + std::string(text);
  }
  if (key.code >= 0x110000) return name + "?";
  if (key.modifiers != 0 && key.code >= 'a' && key.code <= 'z') {
    return name + static_cast<char>(key.code - 'a' + 'A');
  }
  append_utf8(name, key.code);
  return name;
}

std::optional<Key> parse_key(std::string_view name) {
  Key key;
  while (true) {
    if (take_prefix(name, "ctrl")) {
      key.modifiers |= kCtrl;
    } else if (take_prefix(name, "alt")) {
      key.modifiers |= kAlt;
    } else if (take_prefix(name, "shift")) {
      key.modifiers |= kShift;
    } else {
      break;
    }
  }
  const std::string small = lower(name);
  for (const auto& [code, text] : kNames) {
    if (small == lower(text)) return key.code = code, key;
  }
  if (small.size() >= 2 && small[0] == 'f' && small.size() <= 3 &&
      std::all_of(small.begin() + 1, small.end(),
                  [](unsigned char c) { return std::isdigit(c); })) {
    const int number = std::stoi(small.substr(1));
    if (number < 1 || number > 12) return std::nullopt;
    key.code = kF1 + static_cast<char32_t>(number - 1);
    return key;
  }
  if (name.empty()) return std::nullopt;
  const Decoded d = decode_utf8(name, 0);
  if (!d.is_valid || d.length != name.size()) return std::nullopt;
  key.code = key.modifiers != 0 ? fold_case(d.code_point) : d.code_point;
  return key;
}

}  // namespace understory::tui
