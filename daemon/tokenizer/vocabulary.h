// A model's tokens: their texts as the GGUF file spells them, types and scores.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/gguf/gguf.h"
#include "daemon/tokenizer/string_table.h"
#include "daemon/tokenizer/tokenizer.h"

namespace understory::tokenizer {

/// What a token is, as bits: a token may become a control token on top of what its file says.
enum TokenAttribute : std::uint8_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 4,
  kUserDefined = 8,
  kUnused = 16,
  kByte = 32,
  kStripRight = 64,  // white space after the token is dropped with it
};

class Vocabulary {
 public:
  /// From tokenizer.ggml.{tokens,token_type,scores}. kBadModel where an array is missing or too
  /// short, a text occurs twice, a score is not a number, or a token is absurdly long.
  static Result<Vocabulary> read(const gguf::Metadata& metadata);

  std::uint32_t size() const { return static_cast<std::uint32_t>(texts_.size()); }
  std::string_view text(TokenId id) const { return texts_[id]; }
  std::optional<TokenId> find(std::string_view text) const { return index_.find(texts_, text); }
  float score(TokenId id) const { return scores_.empty() ? 0.0f : scores_[id]; }
  std::size_t longest_text_bytes() const { return longest_text_bytes_; }

  bool has(TokenId id, std::uint8_t any_of) const { return (attributes_[id] & any_of) != 0; }
  void add(TokenId id, TokenAttribute attribute) { attributes_[id] |= attribute; }
  void become(TokenId id, TokenAttribute attribute) { attributes_[id] = attribute; }
  void remove(TokenId id, TokenAttribute attribute) {
    attributes_[id] = static_cast<std::uint8_t>(attributes_[id] & ~attribute);
  }

 private:
  Vocabulary() = default;
  Status read_texts(const gguf::Metadata& metadata);
  Status read_types(const gguf::Metadata& metadata);
  Status read_scores(const gguf::Metadata& metadata);

  StringTable texts_;
  StringIndex index_;
  std::vector<std::uint8_t> attributes_;
  std::vector<float> scores_;  // empty: all 0
  std::size_t longest_text_bytes_ = 0;
};

}  // namespace understory::tokenizer
