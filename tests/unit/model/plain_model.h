// A tiny random model that exists twice: as a GGUF file for the code under test, and as plain
// loops over whole sequences, in double and without a cache, written from the papers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/gguf_writer.h"

namespace understory::test {

struct PlainShape {
  std::string architecture = "llama";
  std::uint32_t n_layers = 3;
  std::uint32_t dim = 24;
  std::uint32_t ffn_dim = 40;
  std::uint32_t n_heads = 4;
  std::uint32_t n_kv_heads = 2;
  std::uint32_t head_dim = 16;  // not dim / n_heads
  std::uint32_t rope_dim = 16;
  std::uint32_t vocab_size = 61;
  std::uint32_t context = 96;
  double rope_base = 10000;
  double rope_factor = 1;     // linear scaling
  bool freq_factors = false;  // Llama 3
  bool biases = false;        // llama
  bool tied = true;
  std::uint32_t sliding_window = 0;  // gemma3
  std::uint32_t sliding_period = 6;
  double softcap = 0;
};

class PlainModel {
 public:
  PlainModel(PlainShape shape, std::uint32_t seed);

  const PlainShape& shape() const { return shape_; }

  /// All metadata and tensors; tests may add to it.
  GgufWriter writer() const;
  /// The same without the tensor of that name.
  GgufWriter writer_without(const std::string& tensor) const;

  /// Logits [tokens, vocab] of every position.
  std::vector<std::vector<double>> logits(const std::vector<std::uint32_t>& tokens) const;

 private:
  struct Weights {
    std::vector<std::uint64_t> dims;  // as GGUF has them: columns first
    std::vector<float> values;
  };
  using Rows = std::vector<std::vector<double>>;

  void add(const std::string& name, std::vector<std::uint64_t> dims, float center, float spread);
  void add_layer(std::uint32_t layer);
  void write_metadata(GgufWriter& out) const;
  bool is_gemma() const { return shape_.architecture == "gemma3"; }
  bool slides(std::uint32_t layer) const;
  bool has(const std::string& name) const { return weights_.contains(name); }

  std::vector<double> times(const std::string& name, const std::vector<double>& x) const;
  std::vector<double> normed(const std::string& name, const std::vector<double>& x) const;
  void norm_heads(const std::string& name, std::vector<double>& x) const;
  void rotate(std::vector<double>& x, std::size_t position, bool sliding) const;
  Rows attend(const std::string& prefix, std::uint32_t layer, const Rows& inputs) const;
  std::vector<double> feed_forward(const std::string& prefix, const std::vector<double>& x) const;

  PlainShape shape_;
  std::uint32_t seed_;
  std::map<std::string, Weights> weights_;
};

}  // namespace understory::test
