// The tokens with a role: begin and end of text, end of generation.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "daemon/gguf/gguf.h"
#include "daemon/tokenizer/tokenizer.h"
#include "daemon/tokenizer/vocabulary.h"

namespace understory::tokenizer {

/// What holds where the metadata do not say.
struct SpecialTokenDefaults {
  std::optional<TokenId> bos = {};
  std::optional<TokenId> eos = {};
  std::optional<TokenId> unknown = {};
  bool adds_bos = false;
};

struct SpecialTokens {
  std::optional<TokenId> bos;
  std::optional<TokenId> eos;
  std::optional<TokenId> unknown;
  bool adds_bos = false;
  std::vector<bool> ends_generation;  // by id
};

/// From tokenizer.ggml.*_token_id and from well-known texts such as "<|im_end|>", which become
/// control tokens in the vocabulary whatever their type was. kBadModel where an id is outside
/// the vocabulary, or BOS is to be added and there is none.
Result<SpecialTokens> find_special_tokens(const gguf::Metadata& metadata,
                                          const SpecialTokenDefaults& defaults,
                                          Vocabulary& vocabulary);

}  // namespace understory::tokenizer
