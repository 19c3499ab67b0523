#include "tests/unit/tokenizer/vocabularies.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>

#include "daemon/tokenizer/byte_alphabet.h"

namespace understory::test {

void set_tokens(gguf::Metadata& metadata, const std::vector<Token>& tokens) {
  std::vector<std::string> texts;
  std::vector<std::int64_t> types;
  std::vector<double> scores;
  for (const Token& token : tokens) {
    texts.push_back(token.text);
    types.push_back(token.type);
    scores.push_back(token.score);
  }
  metadata.set("tokenizer.ggml.tokens", gguf::Array(texts));
  metadata.set("tokenizer.ggml.token_type", gguf::Array(types));
  metadata.set("tokenizer.ggml.scores", gguf::Array(scores));
}

gguf::Metadata byte_level(const std::vector<std::string>& merges, const std::vector<Token>& further,
                          std::string pre) {
  std::vector<Token> tokens;
  for (int byte = 0; byte < 256; ++byte) {
    tokens.push_back({std::string(tokenizer::byte_to_stand_in(static_cast<std::uint8_t>(byte)))});
  }
  for (std::string merged : merges) {
    merged.erase(merged.find(' ', 1), 1);
    tokens.push_back({merged});
  }
  tokens.insert(tokens.end(), further.begin(), further.end());
  gguf::Metadata metadata;
  metadata.set("tokenizer.ggml.model", std::string("gpt2"));
  metadata.set("tokenizer.ggml.pre", std::move(pre));
  metadata.set("tokenizer.ggml.merges", gguf::Array(merges));
  metadata.set("tokenizer.ggml.add_bos_token", false);
  set_tokens(metadata, tokens);
  return metadata;
}

gguf::Metadata sentencepiece(const std::vector<Token>& tokens, bool adds_space_prefix) {
  std::vector<Token> all{{"<unk>", kUnknownType}, {"<s>", kControlType}, {"</s>", kControlType}};
  for (int byte = 0; byte < 256; ++byte) {
    char text[7];
    std::snprintf(text, sizeof text, "<0x%02X>", byte);
    all.push_back({text, kByteType});
  }
  all.insert(all.end(), tokens.begin(), tokens.end());
  gguf::Metadata metadata;
  metadata.set("tokenizer.ggml.model", std::string("llama"));
  metadata.set("tokenizer.ggml.add_space_prefix", adds_space_prefix);
  set_tokens(metadata, all);
  return metadata;
}

std::unique_ptr<tokenizer::Tokenizer> make(const gguf::Metadata& metadata) {
  auto made = tokenizer::Tokenizer::from_gguf(metadata);
  if (!made) FAIL(made.error().message);
  return std::move(*made);
}

gguf::Metadata bundled_model() {
  const auto file = gguf::File::open(MODELS_DIR "/understory-3m.gguf");
  if (!file) FAIL(file.error().message);
  return file->metadata();
}

}  // namespace understory::test
