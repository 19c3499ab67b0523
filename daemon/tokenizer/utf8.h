// The little UTF-8 that tokenizers need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understory::tokenizer {

/// The length in bytes, 1 to 4, of the well-formed character at the start of the text; 0 where
/// there is none. Overlong forms, surrogates and anything above U+10FFFF are ill-formed.
std::size_t valid_length(std::string_view text);

/// Text that is well-formed for certain: each byte that is not part of a character is replaced
/// by U+FFFD. A well-formed text is not copied.
class WellFormedText {
 public:
  /// The text must outlive this object.
  explicit WellFormedText(std::string_view text);
  WellFormedText(const WellFormedText&) = delete;
  WellFormedText& operator=(const WellFormedText&) = delete;

  std::string_view text() const { return text_; }

  /// Turns lengths of consecutive parts of text() into lengths of the original's parts.
  void to_original(std::vector<std::size_t>& lengths) const;

 private:
  void replace_from(std::size_t first_ill_formed);

  std::string_view text_;
  std::string copy_;
  std::vector<std::size_t> replaced_;  // offsets in copy_ where U+FFFD stands for one byte
};

}  // namespace understory::tokenizer
