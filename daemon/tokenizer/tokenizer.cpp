#include "daemon/tokenizer/tokenizer.h"

#include <new>
#include <stdexcept>

#include "daemon/tokenizer/vocabulary_tokenizer.h"

namespace understory::tokenizer {
namespace {

constexpr char kModelKey[] = "tokenizer.ggml.model";

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

std::optional<char> byte_of(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
  const auto high = hex_digit(token[3]);
  const auto low = hex_digit(token[4]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>(*high << 4 | *low);
}

Result<std::unique_ptr<Tokenizer>> make_for(const std::string& model,
                                            const gguf::Metadata& metadata) {
  if (model == "gpt2") return make_bpe(metadata);
  if (model == "llama") return make_sentencepiece(metadata);
  return Error{ErrorCode::kUnsupported,
               "the model's tokenizer '" + model + "' is not supported; 'gpt2' and 'llama' are"};
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> Tokenizer::from_gguf(const gguf::Metadata& metadata) {
  try {
    const auto model = metadata.require_string(kModelKey);
    if (!model) return model.error();
    return make_for(*model, metadata);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kOutOfMemory, "not enough memory for the model's vocabulary"};
  } catch (const std::length_error&) {
    return Error{ErrorCode::kOutOfMemory, "not enough memory for the model's vocabulary"};
  }
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool strip_space_prefix) const {
  std::string text;
  bool strip = strip_space_prefix && adds_space_prefix();
  for (const TokenId id : ids) {
    std::string_view bytes = piece(id);
    if (strip && !bytes.empty()) {
      if (bytes.front() == ' ') bytes.remove_prefix(1);
      strip = false;
    }
    text += bytes;
  }
  return text;
}

Result<std::optional<std::string>> literal_piece(const Vocabulary& vocabulary, TokenId id) {
  const std::string_view text = vocabulary.text(id);
  if (vocabulary.has(id, kControl | kUnknown)) return std::optional<std::string>("");
  if (vocabulary.has(id, kUserDefined)) return std::optional<std::string>(text);
  if (vocabulary.has(id, kNormal)) return std::optional<std::string>();
  if (!vocabulary.has(id, kByte)) return std::optional<std::string>("");
  const auto byte = byte_of(text);
  if (!byte) {
    return Error{ErrorCode::kBadModel,
                 "byte token " + std::to_string(id) + " is not spelled like <0x0A>"};
  }
  return std::optional<std::string>(std::string(1, *byte));
}

std::string byte_token_text(std::uint8_t byte) {
  constexpr char kHex[] = "0123456789ABCDEF";
  return {'<', '0', 'x', kHex[byte >> 4], kHex[byte & 15], '>'};
}

}  // namespace understory::tokenizer
