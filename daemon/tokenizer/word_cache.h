// The tokens of words that were encoded before: prose repeats its words.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/tokenizer/string_table.h"
#include "daemon/tokenizer/tokenizer.h"

namespace understory::tokenizer {

/// Lives as long as one encode() call, so that no thread sees another's.
class WordCache {
 public:
  /// Longer words hardly come back, and would only fill memory.
  static constexpr std::size_t kMaxWordBytes = 48;

  /// Appends the word's tokens; false where the word is not known.
  bool append(std::string_view word, std::vector<TokenId>& out) const {
    if (word.size() > kMaxWordBytes) return false;
    const auto number = index_.find(words_, word);
    if (!number) return false;
    const std::size_t begin = *number == 0 ? 0 : ends_[*number - 1];
    out.insert(out.end(), tokens_.begin() + begin, tokens_.begin() + ends_[*number]);
    return true;
  }

  /// The word must not be known.
  void insert(std::string_view word, std::span<const TokenId> tokens) {
    if (word.size() > kMaxWordBytes) return;
    words_.add(word);
    index_.insert(words_, static_cast<std::uint32_t>(words_.size() - 1));
    tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
    ends_.push_back(tokens_.size());
  }

 private:
  StringTable words_;
  StringIndex index_;
  std::vector<TokenId> tokens_;
  std::vector<std::size_t> ends_;
};

}  // namespace understory::tokenizer
