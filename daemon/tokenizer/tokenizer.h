// Text to token ids and back, as the model's GGUF metadata say. Text is bytes: UTF-8 where it
// is valid, and any other byte survives a round trip.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/gguf/gguf.h"

namespace understory::tokenizer {

using TokenId = std::uint32_t;

struct EncodeOptions {
  bool add_bos = false;        // prepend BOS where the model's metadata ask for one
  bool parse_special = false;  // control tokens spelled in the text become those tokens; off for
                               // a writer's text. User-defined tokens always match.
  bool space_prefix = true;    // put the space before the text that adds_space_prefix() tells of;
                               // off for a text that goes on from another
};

/// Immutable; all methods may be called from any thread at once.
class Tokenizer {
 public:
  /// kBadModel, or kUnsupported naming the tokenizer model or pre-tokenizer.
  static Result<std::unique_ptr<Tokenizer>> from_gguf(const gguf::Metadata& metadata);
  virtual ~Tokenizer() = default;

  virtual std::vector<TokenId> encode(std::string_view text, EncodeOptions options = {}) const = 0;

  /// The bytes that the token adds to the text: possibly part of a character. Empty for control
  /// tokens. SentencePiece's space mark is a space here. id < vocab_size().
  virtual std::string_view piece(TokenId id) const = 0;

  /// The pieces joined; with strip_space_prefix, without the one space that encode() put before
  /// the text (SentencePiece with a space prefix). decode(encode(text), true) is the text, but:
  /// SentencePiece reads U+2581 as a space, a prefix after a token cut out of the text stays, and
  /// a byte for which a byte-level vocabulary has no token is lost.
  std::string decode(std::span<const TokenId> ids, bool strip_space_prefix = false) const;

  virtual std::uint32_t vocab_size() const = 0;
  virtual std::optional<TokenId> bos() const = 0;
  virtual std::optional<TokenId> eos() const = 0;
  virtual bool adds_bos() const = 0;
  /// True where encode() puts one space before the text (SentencePiece).
  virtual bool adds_space_prefix() const = 0;
  /// EOS, end of turn and the like: generation ends there.
  virtual bool is_end_of_generation(TokenId id) const = 0;
  virtual bool is_control(TokenId id) const = 0;
  /// "gpt2/qwen2", "llama": for status.
  virtual std::string description() const = 0;
};

}  // namespace understory::tokenizer
