// Writes small valid model files into the folder that is named: where gguf_fuzzer starts from.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/support/gguf_writer.h"
#include "tests/unit/model/plain_model.h"

using namespace understory::test;

namespace {

constexpr std::uint32_t kVocabulary = 300;

void add_byte_level_vocabulary(GgufWriter& out) {
  std::vector<std::string> tokens;
  for (int c = 33; c < 127; ++c) tokens.emplace_back(1, static_cast<char>(c));
  tokens.insert(tokens.end(),
                {"\xC4\xA0", "\xC4\x8A", "th", "the", "\xC4\xA0the", "in", "<|end|>"});
  const std::vector<std::string> merges{"t h", "th e", "\xC4\xA0 the", "i n"};
  std::vector<std::int32_t> types(kVocabulary, 1);
  types[tokens.size() - 1] = 3;
  while (tokens.size() < kVocabulary) tokens.push_back("x" + std::to_string(tokens.size()));
  out.add_string("tokenizer.ggml.model", "gpt2");
  out.add_string("tokenizer.ggml.pre", "llama-bpe");
  out.add_strings("tokenizer.ggml.tokens", tokens);
  out.add_strings("tokenizer.ggml.merges", merges);
  out.add_i32s("tokenizer.ggml.token_type", types);
  out.add_u32("tokenizer.ggml.bos_token_id", 100);
  out.add_u32("tokenizer.ggml.eos_token_id", 100);
}

void add_sentencepiece_vocabulary(GgufWriter& out) {
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types{2, 3, 3};
  std::vector<float> scores{0, 0, 0};
  for (int byte = 0; byte < 256; ++byte) {
    constexpr char kHex[] = "0123456789ABCDEF";
    tokens.push_back(std::string("<0x") + kHex[byte / 16] + kHex[byte % 16] + ">");
    types.push_back(6);
    scores.push_back(0);
  }
  for (const char* piece : {"\xE2\x96\x81", "t", "h", "e", "th", "the", "\xE2\x96\x81the", "in"}) {
    tokens.emplace_back(piece);
    types.push_back(1);
    scores.push_back(-static_cast<float>(tokens.size()));
  }
  while (tokens.size() < kVocabulary) {
    tokens.push_back("u" + std::to_string(tokens.size()));
    types.push_back(tokens.size() % 2 ? 1 : 4);
    scores.push_back(-1000);
  }
  out.add_string("tokenizer.ggml.model", "llama");
  out.add_strings("tokenizer.ggml.tokens", tokens);
  out.add_floats("tokenizer.ggml.scores", scores);
  out.add_i32s("tokenizer.ggml.token_type", types);
  out.add_u32("tokenizer.ggml.bos_token_id", 1);
  out.add_u32("tokenizer.ggml.eos_token_id", 2);
  out.add_bool("tokenizer.ggml.add_space_prefix", true);
}

PlainShape smallest(const std::string& architecture) {
  PlainShape shape;
  shape.architecture = architecture;
  shape.n_layers = 1;
  shape.dim = 4;
  shape.ffn_dim = 6;
  shape.n_heads = 2;
  shape.n_kv_heads = 1;
  shape.head_dim = 8;
  shape.rope_dim = 8;
  shape.vocab_size = kVocabulary;
  return shape;
}

void save(const std::filesystem::path& path, const GgufWriter& writer) {
  const auto bytes = writer.finish();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: gguf_seeds FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);

  GgufWriter llama = PlainModel(smallest("llama"), 1).writer();
  add_byte_level_vocabulary(llama);
  save(folder / "llama.gguf", llama);

  PlainShape scaled = smallest("llama");
  scaled.freq_factors = scaled.biases = true;
  scaled.tied = false;
  scaled.rope_factor = 2;
  GgufWriter llama3 = PlainModel(scaled, 2).writer();
  llama3.version = 2;
  save(folder / "llama3.gguf", llama3);

  PlainShape sliding = smallest("gemma3");
  sliding.sliding_window = 4;
  GgufWriter gemma = PlainModel(sliding, 3).writer();
  add_sentencepiece_vocabulary(gemma);
  save(folder / "gemma3.gguf", gemma);

  GgufWriter bare;
  bare.add_u32("general.alignment", 64);
  bare.alignment = 64;
  const std::vector<std::byte> blocks(2 * 144 + 4 * 34);
  bare.add_tensor("k", 12, {256, 2}, std::span(blocks).first(2 * 144));
  bare.add_tensor("q", 8, {64, 2}, std::span(blocks).first(4 * 34));
  save(folder / "bare.gguf", bare);
}
