// Tokenizes documents with a model's tokenizer, for scripts/compare-tokenizer and by hand.
//   tokenize_file MODEL.gguf ids    one JSON array of ids a line, for each document on stdin
//   tokenize_file MODEL.gguf special-ids  the same, with control tokens read from the text
//   tokenize_file MODEL.gguf bench  MB/s of processor time, for all documents of stdin as one
//   tokenize_file MODEL.gguf info   what the tokenizer says about itself
// Further arguments change the model's metadata, as llama.cpp's --override-kv writes it:
// tokenizer.ggml.pre=str:qwen2, tokenizer.ggml.add_space_prefix=bool:true
// On stdin a document is its length in bytes, in decimal, a newline, and the bytes.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "daemon/gguf/gguf.h"
#include "daemon/tokenizer/tokenizer.h"

namespace {

using understory::gguf::File;
using understory::tokenizer::TokenId;
using understory::tokenizer::Tokenizer;

constexpr int kBenchRuns = 5;

std::vector<std::string> read_documents(std::istream& in) {
  std::vector<std::string> documents;
  std::string header;
  while (std::getline(in, header)) {
    std::string document(std::strtoull(header.c_str(), nullptr, 10), '\0');
    in.read(document.data(), static_cast<std::streamsize>(document.size()));
    documents.push_back(std::move(document));
  }
  return documents;
}

void print_ids(const Tokenizer& tokenizer, const std::vector<std::string>& documents,
               bool parse_special) {
  for (const std::string& document : documents) {
    std::string line = "[";
    for (const TokenId id : tokenizer.encode(document, {.parse_special = parse_special})) {
      if (line.size() > 1) line += ',';
      line += std::to_string(id);
    }
    std::cout << line << "]\n";
  }
}

template <class F>
double best_cpu_seconds(const F& run) {
  double best = 1e9;
  for (int i = 0; i < kBenchRuns; ++i) {
    const std::clock_t start = std::clock();
    run();
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best;
}

void bench(const Tokenizer& tokenizer, const std::vector<std::string>& documents) {
  std::string text;
  for (const std::string& document : documents) text += document;
  std::vector<TokenId> ids;
  std::string decoded;
  const double encode_s = best_cpu_seconds([&] { ids = tokenizer.encode(text); });
  const double decode_s = best_cpu_seconds([&] { decoded = tokenizer.decode(ids, true); });
  const double mb = static_cast<double>(text.size()) / 1e6;
  std::cout << text.size() << " bytes, " << ids.size() << " tokens: encode " << mb / encode_s
            << " MB/s, decode " << mb / decode_s << " MB/s, "
            << (decoded == text ? "decoded text equal\n" : "decoded text DIFFERS\n");
}

void print_info(const Tokenizer& tokenizer) {
  std::cout << tokenizer.description() << ", " << tokenizer.vocab_size() << " tokens, adds_bos "
            << tokenizer.adds_bos() << ", adds_space_prefix " << tokenizer.adds_space_prefix();
  if (tokenizer.bos()) std::cout << ", bos " << *tokenizer.bos();
  if (tokenizer.eos()) std::cout << ", eos " << *tokenizer.eos();
  std::cout << "\nend of generation:";
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    if (tokenizer.is_end_of_generation(id)) std::cout << ' ' << id;
  }
  std::cout << '\n';
}

bool override_value(const std::string& argument, understory::gguf::Metadata& metadata) {
  const std::size_t equals = argument.find('=');
  if (equals == argument.npos) return false;
  const std::string key = argument.substr(0, equals);
  const std::string value = argument.substr(equals + 1);
  if (value.starts_with("str:")) {
    metadata.set(key, value.substr(4));
  } else if (value == "bool:true" || value == "bool:false") {
    metadata.set(key, value == "bool:true");
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc >= 3 ? argv[2] : "";
  if (mode != "ids" && mode != "special-ids" && mode != "bench" && mode != "info") {
    std::cerr << "usage: tokenize_file MODEL.gguf ids|special-ids|bench|info [KEY=TYPE:VALUE...] "
                 "<DOCUMENTS\n";
    return 2;
  }
  const auto file = File::open(argv[1]);
  if (!file) return std::cerr << file.error().message << '\n', 1;
  understory::gguf::Metadata metadata = file->metadata();
  for (int i = 3; i < argc; ++i) {
    if (!override_value(argv[i], metadata))
      return std::cerr << "bad override " << argv[i] << '\n', 2;
  }
  const auto load_start = std::chrono::steady_clock::now();
  const auto tokenizer = Tokenizer::from_gguf(metadata);
  if (!tokenizer) return std::cerr << tokenizer.error().message << '\n', 1;
  const std::chrono::duration<double, std::milli> load =
      std::chrono::steady_clock::now() - load_start;
  if (mode == "info") {
    print_info(**tokenizer);
    std::cout << "loaded in " << load.count() << " ms\n";
    return 0;
  }
  const auto documents = read_documents(std::cin);
  if (mode == "bench") {
    bench(**tokenizer, documents);
  } else {
    print_ids(**tokenizer, documents, mode == "special-ids");
  }
  return 0;
}
