// A model's shape and constants, read from GGUF metadata and checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/gguf/gguf.h"

namespace understory::model {

/// How positions become rotation angles.
struct RopeConfig {
  std::uint32_t dim = 0;  // rotated elements of a head: even, at most head_dim
  double freq_base = 10000;
  double context_factor = 1;  // positions are divided by it (linear, YaRN)

  // YaRN (https://arxiv.org/abs/2309.00071): low frequencies are interpolated, high ones not.
  bool yarn = false;
  double extrapolation = 1;
  double attention_factor = 1;  // multiplies cos and sin; not only under YaRN
  double beta_fast = 32;
  double beta_slow = 1;
  std::uint32_t original_context = 0;

  std::vector<float> freq_factors;  // [dim/2] divides each frequency (Llama 3), or empty
};

struct Config {
  std::string architecture;
  std::uint32_t n_layers = 0;
  std::uint32_t dim = 0;
  std::uint32_t ffn_dim = 0;
  std::uint32_t n_heads = 0;
  std::uint32_t n_kv_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t vocab_size = 0;
  std::uint32_t trained_context = 0;
  float rms_eps = 0;
  float attention_scale = 0;  // multiplies q.k
  RopeConfig rope;            // every layer's, or the global layers'

  // Gemma 3: some layers look back over a window only and rotate with another base.
  std::uint32_t sliding_window = 0;
  std::vector<bool> layer_slides;  // [n_layers] where sliding_window is set
  RopeConfig sliding_rope;
  float logit_softcap = 0;  // logits = softcap * tanh(logits / softcap); 0: off

  std::uint32_t q_dim() const { return n_heads * head_dim; }
  std::uint32_t kv_dim() const { return n_kv_heads * head_dim; }
};

/// kBadModel naming the key, kUnsupported naming the architecture or feature.
Result<Config> read_config(const gguf::File& file);

}  // namespace understory::model
