#include "daemon/engine/ban_scan.h"

#include <algorithm>

#include "base/utf8.h"
#include "daemon/engine/utf8.h"

namespace understory::engine {
namespace {

constexpr std::size_t kMaxCharacterBytes = 4;

std::string_view last_bytes(std::string_view text, std::size_t n) {
  text.remove_prefix(text.size() - std::min(text.size(), n));
  // Not from the middle of a character.
  std::size_t begin = 0;
  while (begin < std::min(text.size(), kMaxCharacterBytes - 1) && is_continuation(text[begin]))
    ++begin;
  return text.substr(begin);
}

}  // namespace

BanScan::BanScan(const PhraseTrie& trie, std::string_view before) : trie_(&trie) {
  const std::string_view tail =
      last_bytes(before, std::size_t{trie.longest_phrase()} * kMaxCharacterBytes);
  n_before_ = tail.size();
  push(tail);
}

std::optional<std::ptrdiff_t> BanScan::push(std::string_view bytes) {
  text_ += bytes;
  std::optional<std::ptrdiff_t> found;
  for (std::size_t at = scanned_to(); at < text_.size();) {
    const std::string_view rest = std::string_view(text_).substr(at);
    if (utf8_state(rest) == Utf8State::kTruncated) break;
    const CodePoint c = code_point_at(text_, at);
    const auto before = characters_.empty() ? PhraseTrie::kStart : characters_.back().state;
    at += c.length;
    characters_.push_back({at, trie_->next(before, c.value)});
    const std::uint32_t n = trie_->shortest_match(characters_.back().state);
    if (n > 0 && !found && at > n_before_)
      found =
          static_cast<std::ptrdiff_t>(begin_of_last(n)) - static_cast<std::ptrdiff_t>(n_before_);
  }
  return found;
}

void BanScan::cut(std::size_t n_bytes) {
  text_.resize(n_before_ + n_bytes);
  while (scanned_to() > text_.size()) characters_.pop_back();
  // A byte that belonged to no character may begin one now.
  for (std::size_t i = 1; i < kMaxCharacterBytes && scanned_to() > 0; ++i) {
    if (static_cast<unsigned char>(text_[scanned_to() - 1]) < 0x80) break;
    characters_.pop_back();
  }
}

std::ptrdiff_t BanScan::open_from() const {
  const std::size_t n = characters_.empty() ? 0 : trie_->depth(characters_.back().state);
  return static_cast<std::ptrdiff_t>(n == 0 ? scanned_to() : begin_of_last(n)) -
         static_cast<std::ptrdiff_t>(n_before_);
}

std::size_t BanScan::begin_of_last(std::size_t n) const {
  return n == characters_.size() ? 0 : characters_[characters_.size() - n - 1].end;
}

}  // namespace understory::engine
