#include "tui/input/key_decoder.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr char kEsc = '\x1b';
constexpr std::string_view kPasteEnd = "\x1b[201~";
constexpr std::size_t kMaxSequenceBytes = 256;  // a longer one is no sequence

Key control_key(unsigned char c) {
  switch (c) {
    case 0:
      return {U' ', kCtrl};
    case '\t':
      return {kTab, 0};
    case '\r':
    case '\n':
      return {kEnter, 0};
    case 0x1B:
      return {kEscape, 0};
    case 0x7F:
      return {kBackspace, 0};
    default:
      break;
  }
  if (c <= 26) return {static_cast<char32_t>('a' + c - 1), kCtrl};
  constexpr std::string_view kRest = "\\]^_";
  return {static_cast<char32_t>(kRest[static_cast<std::size_t>(c - 0x1C)]), kCtrl};
}

/// Letters that end a sequence of a cursor or function key.
char32_t key_of_letter(char c) {
  switch (c) {
    case 'A':
      return kUp;
    case 'B':
      return kDown;
    case 'C':
      return kRight;
    case 'D':
      return kLeft;
    case 'H':
      return kHome;
    case 'F':
      return kEnd;
    case 'P':
      return kF1;
    case 'Q':
      return kF1 + 1;
    case 'R':
      return kF1 + 2;
    case 'S':
      return kF1 + 3;
    default:
      return kUnknown;
  }
}

/// Numbers before "~".
char32_t key_of_number(int n) {
  switch (n) {
    case 1:
    case 7:
      return kHome;
    case 2:
      return kInsert;
    case 3:
      return kDelete;
    case 4:
    case 8:
      return kEnd;
    case 5:
      return kPageUp;
    case 6:
      return kPageDown;
    default:
      break;
  }
  if (n >= 11 && n <= 15) return kF1 + static_cast<char32_t>(n - 11);
  if (n >= 17 && n <= 21) return kF1 + static_cast<char32_t>(n - 12);
  if (n == 23 || n == 24) return kF1 + static_cast<char32_t>(n - 13);
  return kUnknown;
}

std::uint8_t modifiers_of(int parameter) {
  return parameter > 1 ? static_cast<std::uint8_t>((parameter - 1) & (kShift | kAlt | kCtrl)) : 0;
}

/// A key by its code point, as CSI u and modifyOtherKeys say it.
Key key_of_code(int code, std::uint8_t modifiers) {
  Key key{static_cast<char32_t>(code), modifiers};
  switch (code) {
    case 9:
      key.code = kTab;
      break;
    case 13:
      key.code = kEnter;
      break;
    case 27:
      key.code = kEscape;
      break;
    case 127:
      key.code = kBackspace;
      break;
    default:
      if (code < 0x20 || code > 0x10FFFF) return {};
      // Shift is in the character already.
      if ((modifiers & (kAlt | kCtrl)) == 0) key.modifiers = 0;
      if ((modifiers & kCtrl) != 0) key.code = fold_case(key.code);
  }
  return key;
}

std::vector<int> numbers_of(std::string_view text) {
  std::vector<int> numbers(1, 0);
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      numbers.back() = std::min(numbers.back() * 10 + (c - '0'), 0x10FFFF);
    } else {
      numbers.push_back(0);
    }
  }
  return numbers;
}

void add_mouse(std::string_view parameters, bool is_release, std::vector<Event>& events) {
  const std::vector<int> n = numbers_of(parameters);
  if (n.size() < 3) return;
  Mouse mouse;
  mouse.column = std::max(n[1] - 1, 0);
  mouse.row = std::max(n[2] - 1, 0);
  mouse.button = n[0] & 3;
  mouse.has_shift = (n[0] & 4) != 0;
  if ((n[0] & 64) != 0) {
    if (mouse.button > 1) return;
    mouse.kind = mouse.button == 0 ? Mouse::Kind::kWheelUp : Mouse::Kind::kWheelDown;
  } else if (is_release) {
    mouse.kind = Mouse::Kind::kRelease;
  } else {
    if (mouse.button == 3) return;
    mouse.kind = (n[0] & 32) != 0 ? Mouse::Kind::kDrag : Mouse::Kind::kPress;
  }
  events.emplace_back(mouse);
}

/// "rgb:ffff/ffff/ffff" with 1 to 4 digits each.
std::optional<bool> is_light_colour(std::string_view text) {
  const std::size_t at = text.find("rgb:");
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + 4);
  double total = 0;
  constexpr std::array<double, 3> kWeights = {0.30, 0.59, 0.11};
  for (const double weight : kWeights) {
    const std::size_t n = text.find_first_not_of("0123456789abcdefABCDEF");
    const std::size_t digits = std::min(n, text.size());
    if (digits == 0 || digits > 4) return std::nullopt;
    const std::string hex(text.substr(0, digits));
    total += weight * static_cast<double>(std::strtol(hex.c_str(), nullptr, 16)) /
             static_cast<double>((1 << (4 * digits)) - 1);
    text.remove_prefix(std::min(digits + 1, text.size()));
  }
  return total > 0.5;
}

}  // namespace

void KeyDecoder::feed(std::string_view bytes, std::vector<Event>& events) {
  buffer_ += bytes;
  std::size_t done = 0;
  while (done < buffer_.size()) {
    if (is_pasting_) {
      buffer_.erase(0, done);
      done = 0;
      feed_paste(events);
      if (is_pasting_) return;
      continue;
    }
    view_ = std::string_view(buffer_).substr(done);
    const std::size_t taken = take(events, false);
    if (taken == 0) break;
    done += taken;
  }
  buffer_.erase(0, done);
}

void KeyDecoder::feed_paste(std::vector<Event>& events) {
  const std::size_t end = buffer_.find(kPasteEnd);
  if (end == std::string::npos) {
    // The end mark may be cut: keep what could be its beginning.
    const std::size_t keep = std::min(buffer_.size(), kPasteEnd.size() - 1);
    paste_.append(buffer_, 0, buffer_.size() - keep);
    buffer_.erase(0, buffer_.size() - keep);
    return;
  }
  paste_.append(buffer_, 0, end);
  buffer_.erase(0, end + kPasteEnd.size());
  is_pasting_ = false;
  events.emplace_back(Paste{std::move(paste_)});
  paste_.clear();
}

void KeyDecoder::flush(std::vector<Event>& events) {
  while (!buffer_.empty() && !is_pasting_) {
    view_ = buffer_;
    const std::size_t taken = take(events, true);
    buffer_.erase(0, std::max<std::size_t>(taken, 1));
  }
}

std::size_t KeyDecoder::take(std::vector<Event>& events, bool is_final) {
  const auto first = static_cast<unsigned char>(view_[0]);
  if (first == kEsc) return take_escape(events, is_final);
  if (first < 0x20 || first == 0x7F) {
    const bool is_backspace = view_[0] == backspace_;
    events.emplace_back(is_backspace ? Key{kBackspace, 0} : control_key(first));
    return 1;
  }
  if (first < 0x80) {
    events.emplace_back(Key{first, 0});
    return 1;
  }
  const Decoded d = decode_utf8(view_, 0);
  if (d.is_valid) {
    events.emplace_back(Key{d.code_point, 0});
    return d.length;
  }
  const std::size_t expected = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1;
  return view_.size() < expected && !is_final ? 0 : 1;  // a wrong byte is no key
}

std::size_t KeyDecoder::take_escape(std::vector<Event>& events, bool is_final) {
  if (view_.size() == 1) {
    if (!is_final) return 0;
    events.emplace_back(Key{kEscape, 0});
    return 1;
  }
  const char second = view_[1];
  if (second == '[') return take_csi(events, is_final);
  if (second == ']') return take_osc(events, is_final);
  if (second == 'O') {
    if (view_.size() == 2) {
      if (!is_final) return 0;
      events.emplace_back(Key{U'o', kAlt | kShift});
      return 2;
    }
    Key key{key_of_letter(view_[2]), 0};
    if (key.code == kUnknown && view_[2] >= 'a' && view_[2] <= 'd') {  // rxvt: Ctrl-arrows
      key = {key_of_letter(static_cast<char>(view_[2] - 'a' + 'A')), kCtrl};
    }
    if (key.code != kUnknown) events.emplace_back(key);
    return 3;
  }
  if (second == kEsc) {
    events.emplace_back(Key{kEscape, 0});
    return 1;
  }
  const auto c = static_cast<unsigned char>(second);
  const bool has_alt = c >= 0x20 || c == '\r' || c == '\b';
  if (!has_alt) {
    // Esc and then Ctrl with a letter, typed faster than one read: no command has Ctrl-Alt.
    events.emplace_back(Key{kEscape, 0});
    return 1;
  }
  if (c < 0x20 || c == 0x7F) {
    Key key = control_key(c);
    key.modifiers |= kAlt;
    events.emplace_back(key);
    return 2;
  }
  const Decoded d = decode_utf8(view_, 1);
  if (!d.is_valid) {
    if (view_.size() < 5 && !is_final) return 0;
    return 2;
  }
  Key key{fold_case(d.code_point), kAlt};
  if (key.code != d.code_point) key.modifiers |= kShift;
  events.emplace_back(key);
  return 1 + d.length;
}

std::size_t KeyDecoder::take_csi(std::vector<Event>& events, bool is_final) {
  std::size_t end = 2;
  const bool is_console = view_.size() > 2 && view_[2] == '[';  // Linux: ESC [ [ A is F1
  if (is_console) ++end;
  while (end < view_.size() && (view_[end] < 0x40 || view_[end] > 0x7E) && view_[end] != kEsc &&
         end < kMaxSequenceBytes) {
    ++end;
  }
  const bool is_cut = end < view_.size() && view_[end] == kEsc;  // by the next key
  if (end >= view_.size() || is_cut) {
    if (!is_final && !is_cut) return 0;
    events.emplace_back(Key{U'[', kAlt});
    return 2;
  }
  const char last = view_[end];
  const std::string parameters(view_.substr(2, end - 2));
  const std::size_t taken = end + 1;
  if (is_console) {
    if (last >= 'A' && last <= 'E') {
      events.emplace_back(Key{kF1 + static_cast<char32_t>(last - 'A'), 0});
    }
    return taken;
  }
  if (!parameters.empty() && parameters[0] == '<' && (last == 'M' || last == 'm')) {
    add_mouse(std::string_view(parameters).substr(1), last == 'm', events);
    return taken;
  }
  const std::vector<int> n = numbers_of(parameters);
  const std::uint8_t modifiers = n.size() > 1 ? modifiers_of(n[1]) : 0;
  Key key;
  if (last == '~') {
    if (n[0] == 200) {
      is_pasting_ = true;
      return taken;
    }
    key = n[0] == 27 && n.size() > 2 ? key_of_code(n[2], modifiers)
                                     : Key{key_of_number(n[0]), modifiers};
  } else if (last == 'u') {
    key = key_of_code(n[0], modifiers);
  } else if (last == 'Z') {
    key = {kTab, kShift};
  } else if (last >= 'a' && last <= 'd' && parameters.empty()) {  // rxvt: Shift-arrows
    key = {key_of_letter(static_cast<char>(last - 'a' + 'A')), kShift};
  } else {
    key = {key_of_letter(last), modifiers};
  }
  if (key.code != kUnknown) events.emplace_back(key);
  return taken;
}

std::size_t KeyDecoder::take_osc(std::vector<Event>& events, bool is_final) {
  // An answer begins with a digit; Alt-] is followed by nothing, or by anything else.
  if (view_.size() == 2 && !is_final) return 0;
  if (view_.size() == 2 || view_[2] < '0' || view_[2] > '9') {
    events.emplace_back(Key{U']', kAlt});
    return 2;
  }
  const std::size_t bell = view_.find('\a');
  const std::size_t string_end = view_.find("\x1b\\", 2);
  const std::size_t end = std::min(bell, string_end);
  if (end == std::string_view::npos) {
    if (!is_final && view_.size() < kMaxSequenceBytes) return 0;
    events.emplace_back(Key{U']', kAlt});
    return 2;
  }
  const std::string_view answer = view_.substr(2, end - 2);
  if (answer.substr(0, 3) == "11;") {
    if (const auto light = is_light_colour(answer)) events.emplace_back(BackgroundReply{*light});
  }
  return end + (end == bell ? 1 : 2);
}

}  // namespace understory::tui
