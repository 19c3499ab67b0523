// Cuts the tokens that are matched as they are (user-defined ones, control tokens on request)
// out of a text before the tokenizer sees the rest.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/tokenizer/tokenizer.h"
#include "daemon/tokenizer/vocabulary.h"

namespace understory::tokenizer {

/// A token, or a piece of text still to be encoded.
struct Fragment {
  std::string_view text;
  std::optional<TokenId> token;
};

class SpecialSplitter {
 public:
  /// The vocabulary must outlive the splitter.
  explicit SpecialSplitter(const Vocabulary& vocabulary);

  /// The text's fragments in order; none of them is empty. Longer tokens are matched first
  /// everywhere, and each from left to right.
  std::vector<Fragment> split(std::string_view text, bool parse_special) const;

 private:
  using Fragments = std::vector<Fragment>;

  std::vector<std::size_t> occurring(std::string_view text, bool parse_special) const;
  std::size_t mark_at(std::string_view text, std::vector<bool>& marks) const;
  void cut_out(TokenId id, Fragments& fragments) const;

  const Vocabulary& vocabulary_;
  std::vector<TokenId> by_length_;             // longest first: the order of matching
  std::vector<std::size_t> by_text_;           // positions in by_length_, sorted by text
  std::array<std::size_t, 256> n_starting_{};  // tokens by first byte
};

}  // namespace understory::tokenizer
