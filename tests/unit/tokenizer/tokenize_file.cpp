// Tokenizes documents with a model's tokenizer, for scripts/compare-tokenizer and by hand.
//   tokenize_file MODEL.gguf ids    one JSON array of ids a line, for each document on stdin
//   tokenize_file MODEL.gguf bench  MB/s of encoding and decoding all documents of stdin as one
//   tokenize_file MODEL.gguf info   what the tokenizer says about itself
// On stdin a document is its length in bytes, in decimal, a newline, and the bytes.
#include <chrono>
#include <cstdlib>
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

void print_ids(const Tokenizer& tokenizer, const std::vector<std::string>& documents) {
  for (const std::string& document : documents) {
    std::string line = "[";
    for (const TokenId id : tokenizer.encode(document)) {
      if (line.size() > 1) line += ',';
      line += std::to_string(id);
    }
    std::cout << line << "]\n";
  }
}

template <class F>
double best_seconds(const F& run) {
  double best = 1e9;
  for (int i = 0; i < kBenchRuns; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best = std::min(best, elapsed.count());
  }
  return best;
}

void bench(const Tokenizer& tokenizer, const std::vector<std::string>& documents) {
  std::string text;
  for (const std::string& document : documents) text += document;
  std::vector<TokenId> ids;
  std::string decoded;
  const double encode_s = best_seconds([&] { ids = tokenizer.encode(text); });
  const double decode_s = best_seconds([&] { decoded = tokenizer.decode(ids, true); });
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

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 3 ? argv[2] : "";
  if (mode != "ids" && mode != "bench" && mode != "info") {
    std::cerr << "usage: tokenize_file MODEL.gguf ids|bench|info <DOCUMENTS\n";
    return 2;
  }
  const auto file = File::open(argv[1]);
  if (!file) return std::cerr << file.error().message << '\n', 1;
  const auto load_start = std::chrono::steady_clock::now();
  const auto tokenizer = Tokenizer::from_gguf(file->metadata());
  if (!tokenizer) return std::cerr << tokenizer.error().message << '\n', 1;
  const std::chrono::duration<double, std::milli> load =
      std::chrono::steady_clock::now() - load_start;
  if (mode == "info") {
    print_info(**tokenizer);
    std::cout << "loaded in " << load.count() << " ms\n";
    return 0;
  }
  const auto documents = read_documents(std::cin);
  if (mode == "ids") {
    print_ids(**tokenizer, documents);
  } else {
    bench(**tokenizer, documents);
  }
  return 0;
}
