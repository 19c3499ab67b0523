#include "daemon/engine/lorebook.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "daemon/engine/characters.h"
#include "daemon/engine/utf8.h"

namespace understory::engine {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kRightQuote = 0x2019;

void append_utf8(std::string& text, char32_t c) {
  utf8proc_uint8_t bytes[4];
  const auto n = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(n));
}

/// Valid UTF-8, with white space and apostrophes made the same.
std::string tidy(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool whole = utf8_state(text.substr(at)) == Utf8State::kWhole;
    const CodePoint c = code_point_at(text, at);
    at += c.length;
    if (!whole)
      append_utf8(out, kReplacement);
    else if (!is_space(c.value))
      append_utf8(out, c.value == kRightQuote ? U'\'' : c.value);
    else if (!out.ends_with(' '))
      out += ' ';
  }
  return out;
}

/// A letter or digit of a script whose words are parted by spaces.
bool is_bound_to_word(char32_t c) {
  return is_alphanumeric(c) && !is_unspaced_letter(c);
}

bool joined(char32_t left, char32_t right) {
  return is_bound_to_word(left) && is_bound_to_word(right);
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0 && joined(code_point_before(text, begin).value, code_point_at(text, begin).value))
    return false;
  const char32_t last = code_point_before(text, end).value;
  if (end == text.size()) return !is_bound_to_word(last);  // the word may go on
  return !joined(last, code_point_at(text, end).value);
}

bool occurs(std::string_view key, std::string_view text) {
  if (key.empty()) return false;
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1))
    if (stands_alone(text, at, at + key.size())) return true;
  return false;
}

std::string_view trimmed(std::string_view text) {
  if (text.starts_with(' ')) text.remove_prefix(1);
  if (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// The window, which begins with a whole word: half of one could be mistaken for a key.
std::string_view search_window(std::string_view text) {
  if (text.size() <= kLorebookWindowBytes) return text;
  std::size_t begin = text.size() - kLorebookWindowBytes;
  while (begin < text.size() && utf8_length(static_cast<unsigned char>(text[begin])) == 0) ++begin;
  while (begin < text.size()) {
    const CodePoint c = code_point_at(text, begin);
    if (!is_bound_to_word(c.value)) break;
    begin += c.length;
  }
  return text.substr(begin);
}

}  // namespace

std::string fold_for_search(std::string_view text) {
  const std::string valid = tidy(text);
  utf8proc_uint8_t* mapped = nullptr;
  const auto n = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(valid.data()),
      static_cast<utf8proc_ssize_t>(valid.size()), &mapped,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  if (n < 0) return valid;
  return {reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(n)};
}

std::vector<std::uint32_t> entries_called_for(const std::vector<LorebookEntry>& lorebook,
                                              std::string_view text) {
  std::vector<std::uint32_t> found;
  if (lorebook.empty()) return found;
  const std::string window = fold_for_search(search_window(text));
  for (std::uint32_t i = 0; i < lorebook.size(); ++i) {
    const auto& keys = lorebook[i].keys;
    if (std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
          const std::string folded = fold_for_search(key);
          return occurs(trimmed(folded), window);
        }))
      found.push_back(i);
  }
  return found;
}

}  // namespace understory::engine
