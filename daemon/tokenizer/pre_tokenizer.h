// Splits a text into the words within which a byte-level tokenizer merges, by the regular
// expressions that the model was trained with.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace understory::tokenizer {

/// Immutable; split() may be called from any thread at once.
class PreTokenizer {
 public:
  /// For a value of tokenizer.ggml.pre; kUnsupported naming it where the rules are not known.
  static Result<PreTokenizer> for_name(std::string_view name);

  PreTokenizer(PreTokenizer&&) noexcept;
  ~PreTokenizer();

  /// The lengths in bytes of the words, in order; together they cover the text. A byte that is
  /// not part of a UTF-8 character counts as one symbol character.
  std::vector<std::size_t> split(std::string_view text) const;

  /// A word that is a token is that token, whatever the merges would give.
  bool ignores_merges() const;
  /// Whether BOS is added where the metadata do not say.
  bool adds_bos() const;

 private:
  class Rules;
  explicit PreTokenizer(std::unique_ptr<Rules> rules);

  std::unique_ptr<Rules> rules_;
};

}  // namespace understory::tokenizer
