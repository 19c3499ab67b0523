#include "daemon/tokenizer/utf8.h"

namespace understory::tokenizer {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

bool is_continuation(std::string_view text, std::size_t i) {
  return i < text.size() && (byte_at(text, i) & 0xc0) == 0x80;
}

// The range of the second byte excludes overlong forms, surrogates and what is above U+10FFFF.
bool second_byte_fits(std::uint8_t lead, std::uint8_t second) {
  switch (lead) {
    case 0xe0:
      return second >= 0xa0;
    case 0xed:
      return second < 0xa0;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second < 0x90;
    default:
      return true;
  }
}

}  // namespace

std::size_t valid_length(std::string_view text) {
  if (text.empty()) return 0;
  const std::uint8_t lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4 || !is_continuation(text, 1)) return 0;
  if (lead < 0xe0) return 2;
  if (!second_byte_fits(lead, byte_at(text, 1)) || !is_continuation(text, 2)) return 0;
  if (lead < 0xf0) return 3;
  return is_continuation(text, 3) ? 4 : 0;
}

WellFormedText::WellFormedText(std::string_view text) : text_(text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = valid_length(text.substr(i));
    if (length == 0) {
      replace_from(i);
      return;
    }
    i += length;
  }
}

void WellFormedText::replace_from(std::size_t first_ill_formed) {
  copy_ = text_.substr(0, first_ill_formed);
  for (std::size_t i = first_ill_formed; i < text_.size();) {
    const std::size_t length = valid_length(text_.substr(i));
    if (length == 0) {
      replaced_.push_back(copy_.size());
      copy_ += kReplacement;
      ++i;
    } else {
      copy_ += text_.substr(i, length);
      i += length;
    }
  }
  text_ = copy_;
}

void WellFormedText::to_original(std::vector<std::size_t>& lengths) const {
  std::size_t end = 0;
  auto next = replaced_.begin();
  for (std::size_t& length : lengths) {
    end += length;
    for (; next != replaced_.end() && *next < end; ++next) length -= kReplacement.size() - 1;
  }
}

}  // namespace understory::tokenizer
