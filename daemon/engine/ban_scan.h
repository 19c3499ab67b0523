// Looks for banned phrases in one branch's text as it grows and is cut back. A phrase may begin
// in the text before the cursor; it counts once its end is in the branch's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/engine/phrase_trie.h"

namespace understory::engine {

class BanScan {
 public:
  /// `before`: the text before the cursor; the trie must outlive this.
  BanScan(const PhraseTrie& trie, std::string_view before);

  /// Adds bytes, which may end inside a character. Where that completes a phrase: the byte of the
  /// branch's text at which it begins, negative where that is before the cursor. Of several, the
  /// one that ends first, and of those the shortest.
  std::optional<std::ptrdiff_t> push(std::string_view bytes);

  /// The branch's text is cut back to that many bytes.
  void cut(std::size_t n_bytes);

  /// The byte of the branch's text from which on it may yet become a phrase; the text's size
  /// where it may not. Negative: before the cursor already.
  std::ptrdiff_t open_from() const;

 private:
  struct Character {
    std::size_t end = 0;  // in text_; it begins where the one before it ends
    PhraseTrie::State state = PhraseTrie::kStart;  // after it
  };
  /// The byte in text_ at which the last n characters begin.
  std::size_t begin_of_last(std::size_t n) const;
  std::size_t scanned_to() const { return characters_.empty() ? 0 : characters_.back().end; }

  const PhraseTrie* trie_;
  std::string text_;                   // the end of what is before the cursor, then the branch's
  std::size_t n_before_;               // bytes of the former
  std::vector<Character> characters_;  // whole ones of text_
};

}  // namespace understory::engine
