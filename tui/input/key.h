// Keys, mouse and paste as the app sees them, whatever the terminal sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace understory::tui {

/// Keys that are no characters; beyond Unicode.
enum Special : char32_t {
  kUp = 0x110000,
  kDown,
  kLeft,
  kRight,
  kHome,
  kEnd,
  kPageUp,
  kPageDown,
  kInsert,
  kDelete,
  kF1,  // kF1 + 11 is F12
  kF12 = kF1 + 11,
  kEnter,
  kTab,
  kBackspace,
  kEscape,
  kUnknown,
};

enum Modifier : std::uint8_t { kShift = 1, kAlt = 2, kCtrl = 4 };

struct Key {
  char32_t code = kUnknown;  // a character or a Special; with kCtrl letters are lower case
  std::uint8_t modifiers = 0;

  bool is_text() const { return modifiers == 0 && code >= 0x20 && code < 0x110000 && code != 0x7F; }
  bool operator==(const Key&) const = default;
};

/// "Ctrl-S", "Alt-Enter", "Shift-Right", "F1", "Alt-\\". parse_key is not particular about case
/// or about "+" for "-".
std::string name_of(const Key& key);
std::optional<Key> parse_key(std::string_view name);

struct Mouse {
  enum class Kind { kPress, kDrag, kRelease, kWheelUp, kWheelDown };
  Kind kind = Kind::kPress;
  int column = 0;  // from 0
  int row = 0;
  int button = 0;  // 0: left, 1: middle, 2: right
  bool has_shift = false;
};

struct Paste {
  std::string text;
};

/// The terminal's answer to the question for its background colour.
struct BackgroundReply {
  bool is_light = false;
};

using Event = std::variant<Key, Mouse, Paste, BackgroundReply>;

}  // namespace understory::tui
