// What all tokenizers share: the vocabulary, its special tokens, and the pieces.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/tokenizer/special_splitter.h"
#include "daemon/tokenizer/special_tokens.h"
#include "daemon/tokenizer/string_table.h"
#include "daemon/tokenizer/tokenizer.h"
#include "daemon/tokenizer/vocabulary.h"

namespace understory::tokenizer {

class VocabularyTokenizer : public Tokenizer {
 public:
  std::string_view piece(TokenId id) const override { return pieces_[id]; }
  std::uint32_t vocab_size() const override { return vocabulary_.size(); }
  std::optional<TokenId> bos() const override { return special_.bos; }
  std::optional<TokenId> eos() const override { return special_.eos; }
  bool adds_bos() const override { return special_.adds_bos; }
  bool adds_space_prefix() const override { return false; }
  bool is_end_of_generation(TokenId id) const override { return special_.ends_generation[id]; }
  bool is_control(TokenId id) const override { return vocabulary_.has(id, kControl); }

 protected:
  VocabularyTokenizer(Vocabulary vocabulary, SpecialTokens special, StringTable pieces)
      : vocabulary_(std::move(vocabulary)),
        special_(std::move(special)),
        pieces_(std::move(pieces)),
        splitter_(vocabulary_) {}

  const Vocabulary& vocabulary() const { return vocabulary_; }
  const SpecialTokens& special() const { return special_; }

  std::vector<Fragment> split(std::string_view text, const EncodeOptions& options) const {
    return splitter_.split(text, options.parse_special);
  }

  /// The ids before the text's own: BOS or none.
  std::vector<TokenId> start(const EncodeOptions& options) const {
    if (options.add_bos && special_.adds_bos) return {*special_.bos};
    return {};
  }

 private:
  Vocabulary vocabulary_;
  SpecialTokens special_;
  StringTable pieces_;
  SpecialSplitter splitter_;  // refers to vocabulary_
};

/// The piece of a token that is not spelled in the tokenizer's own alphabet: user-defined text,
/// a byte token's byte, nothing for control tokens. nullopt for a normal token; kBadModel for a
/// byte token that names no byte.
Result<std::optional<std::string>> literal_piece(const Vocabulary& vocabulary, TokenId id);

/// A byte token's text, "<0x0A>".
std::string byte_token_text(std::uint8_t byte);

Result<std::unique_ptr<Tokenizer>> make_bpe(const gguf::Metadata& metadata);
Result<std::unique_ptr<Tokenizer>> make_sentencepiece(const gguf::Metadata& metadata);

}  // namespace understory::tokenizer
