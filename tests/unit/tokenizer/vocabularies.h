// Small vocabularies made by hand, for tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/gguf/gguf.h"
#include "daemon/tokenizer/tokenizer.h"

namespace understory::test {

// GGUF's token types.
inline constexpr int kNormalType = 1;
inline constexpr int kUnknownType = 2;
inline constexpr int kControlType = 3;
inline constexpr int kUserDefinedType = 4;
inline constexpr int kUnusedType = 5;
inline constexpr int kByteType = 6;

struct Token {
  std::string text;
  int type = kNormalType;
  float score = 0;
};

/// Sets tokens, token_type and scores.
void set_tokens(gguf::Metadata& metadata, const std::vector<Token>& tokens);

/// Token b is byte b's stand-in; merge i becomes token 256 + i; the further tokens follow.
gguf::Metadata byte_level(const std::vector<std::string>& merges,
                          const std::vector<Token>& further = {}, std::string pre = "gpt-2");

/// <unk>, <s>, </s>, the 256 byte tokens from id 3, then the tokens.
gguf::Metadata sentencepiece(const std::vector<Token>& tokens, bool adds_space_prefix = true);

/// The tokenizer; fails the test where there is none.
std::unique_ptr<tokenizer::Tokenizer> make(const gguf::Metadata& metadata);

/// The metadata of the model that comes with the project.
gguf::Metadata bundled_model();

}  // namespace understory::test
