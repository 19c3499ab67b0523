#include "daemon/model/config.h"

#include <cmath>
#include <limits>
#include <optional>
#include <variant>

namespace understory::model {
namespace {

// Far above any model that exists, and low enough that products of two fit 64 bits.
constexpr std::uint32_t kMaxLayers = 1024;
constexpr std::uint32_t kMaxDim = 1u << 20;
constexpr std::uint32_t kMaxHeads = 4096;
constexpr std::uint32_t kMaxHeadDim = 1024;
// The attention kernels load keys and values 8 at a time.
constexpr std::uint32_t kHeadDimMultiple = 8;
constexpr std::uint32_t kMaxContext = 1u << 30;
constexpr std::uint32_t kMaxVocabulary = 1u << 24;

Error bad(std::string message) {
  return {ErrorCode::kBadModel, std::move(message)};
}
Error unsupported(std::string message) {
  return {ErrorCode::kUnsupported, std::move(message)};
}

/// Reads "<architecture>.<key>" and keeps the first error, so that reading goes straight down.
class KeyReader {
 public:
  KeyReader(const gguf::Metadata& metadata, std::string architecture)
      : metadata_(metadata), prefix_(std::move(architecture) + ".") {}

  const Status& status() const { return status_; }
  bool has(const char* key) const { return metadata_.find(prefix_ + key) != nullptr; }
  const gguf::Value* find(const char* key) const { return metadata_.find(prefix_ + key); }

  void fail(Error error) {
    if (status_.ok()) status_ = std::move(error);
  }

  /// A whole number in [min, max]; without `fallback` the key must exist. An array of equal
  /// numbers, one a layer, counts as that number.
  std::uint32_t u32(const char* key, std::uint32_t min, std::uint32_t max,
                    std::optional<std::uint32_t> fallback = {}) {
    const std::string full = prefix_ + key;
    std::optional<std::uint32_t> value = uniform_array(full);
    if (!value) value = take(metadata_.get_u32(full));
    if (!value) value = fallback;
    if (!value) {
      fail(bad("metadata key '" + full + "' is missing"));
      return min;
    }
    if (*value < min || *value > max) {
      fail(bad("metadata key '" + full + "' is " + std::to_string(*value) + "; it must be from " +
               std::to_string(min) + " to " + std::to_string(max)));
      return min;
    }
    return *value;
  }

  /// A number in [min, max].
  float f32(const char* key, float min, float max, std::optional<float> fallback = {}) {
    const std::string full = prefix_ + key;
    std::optional<float> value = take(metadata_.get_f32(full));
    if (!value) value = fallback;
    if (!value) {
      fail(bad("metadata key '" + full + "' is missing"));
      return min;
    }
    if (*value < min || *value > max) {
      fail(bad("metadata key '" + full + "' is " + std::to_string(*value) +
               ", which makes no sense"));
      return min;
    }
    return *value;
  }

  std::string string(const char* key, std::string fallback) {
    return take(metadata_.get_string(prefix_ + key)).value_or(std::move(fallback));
  }

 private:
  template <class T>
  std::optional<T> take(Result<std::optional<T>> found) {
    if (found.ok()) return *std::move(found);
    fail(found.error());
    return std::nullopt;
  }

  std::optional<std::uint32_t> uniform_array(const std::string& full) {
    const auto numbers = metadata_.find_integers(full);
    if (!numbers || numbers->empty()) return std::nullopt;
    for (const std::int64_t number : *numbers) {
      if (number != numbers->front()) {
        fail(unsupported("metadata key '" + full +
                         "' differs from layer to layer, which is not "
                         "supported"));
        return std::nullopt;
      }
    }
    if (!std::in_range<std::uint32_t>(numbers->front())) return std::nullopt;
    return static_cast<std::uint32_t>(numbers->front());
  }

  const gguf::Metadata& metadata_;
  std::string prefix_;
  Status status_;
};

void read_rope_scaling(KeyReader& keys, Config& config) {
  RopeConfig& rope = config.rope;
  const std::string type = keys.string("rope.scaling.type", "linear");
  if (type == "none") return;
  if (type != "linear" && type != "yarn") {
    keys.fail(unsupported("RoPE scaling of type '" + type + "' is not supported"));
    return;
  }
  float factor =
      keys.f32("rope.scaling.factor", 0, 1e6f, keys.f32("rope.scale_linear", 0, 1e6f, 0));
  if (factor != 0) rope.context_factor = factor;
  rope.attention_factor = keys.f32("rope.scaling.attn_factor", 1e-3f, 1e3f, 1);
  if (type != "yarn") return;
  rope.yarn = true;
  rope.extrapolation = keys.f32("rope.scaling.yarn_ext_factor", 0, 1e3f, 1);
  rope.attention_factor *= keys.f32("rope.scaling.yarn_attn_factor", 1e-3f, 1e3f, 1);
  rope.beta_fast = keys.f32("rope.scaling.yarn_beta_fast", 1e-3f, 1e6f, 32);
  rope.beta_slow = keys.f32("rope.scaling.yarn_beta_slow", 1e-3f, 1e6f, 1);
  rope.original_context =
      keys.u32("rope.scaling.original_context_length", 1, kMaxContext, config.trained_context);
}

void read_common(KeyReader& keys, Config& config) {
  config.n_layers = keys.u32("block_count", 1, kMaxLayers);
  config.dim = keys.u32("embedding_length", 1, kMaxDim);
  config.ffn_dim = keys.u32("feed_forward_length", 1, kMaxDim);
  config.n_heads = keys.u32("attention.head_count", 1, kMaxHeads);
  config.n_kv_heads = keys.u32("attention.head_count_kv", 1, kMaxHeads, config.n_heads);
  config.trained_context = keys.u32("context_length", 1, kMaxContext);
  config.rms_eps = keys.f32("attention.layer_norm_rms_epsilon", 0, 1);
  if (!keys.status()) return;

  if (config.n_heads % config.n_kv_heads != 0) {
    keys.fail(bad("the model has " + std::to_string(config.n_heads) + " query heads, which its " +
                  std::to_string(config.n_kv_heads) + " key heads do not divide"));
  }
  if (!keys.has("attention.key_length") && config.dim % config.n_heads != 0) {
    keys.fail(bad("the embedding length " + std::to_string(config.dim) +
                  " is not a multiple of the " + std::to_string(config.n_heads) + " heads"));
  }
  config.head_dim = keys.u32("attention.key_length", 1, kMaxHeadDim, config.dim / config.n_heads);
  if (keys.u32("attention.value_length", 1, kMaxHeadDim, config.head_dim) != config.head_dim) {
    keys.fail(unsupported("heads whose keys and values differ in length are not supported"));
  }
  if (config.head_dim % kHeadDimMultiple != 0) {
    keys.fail(unsupported("attention heads of " + std::to_string(config.head_dim) +
                          " elements are not supported; multiples of " +
                          std::to_string(kHeadDimMultiple) + " are"));
  }
  config.attention_scale = 1.0f / std::sqrt(static_cast<float>(config.head_dim));

  config.rope.dim = keys.u32("rope.dimension_count", 2, config.head_dim, config.head_dim);
  if (config.rope.dim % 2 != 0) keys.fail(bad("RoPE over an odd number of dimensions"));
  config.rope.freq_base = keys.f32("rope.freq_base", 1, 1e12f, 10000);
  read_rope_scaling(keys, config);
}

void read_llama(KeyReader& keys, Config&) {
  if (keys.u32("expert_count", 0, std::numeric_limits<std::uint32_t>::max(), 0) > 0) {
    keys.fail(
        unsupported("this is a mixture-of-experts model; only dense models of the llama "
                    "architecture are supported"));
  }
}

/// Which layers slide: every period-th is global, or as an array of booleans says.
std::vector<bool> read_sliding_pattern(KeyReader& keys, std::uint32_t n_layers) {
  constexpr std::uint32_t kDefaultPeriod = 6;
  constexpr const char* kKey = "attention.sliding_window_pattern";
  if (const gguf::Value* value = keys.find(kKey)) {
    const auto* array = std::get_if<gguf::Array>(value);
    if (const auto* flags = array ? std::get_if<std::vector<bool>>(array) : nullptr) {
      if (flags->size() >= n_layers) return {flags->begin(), flags->begin() + n_layers};
      keys.fail(bad("the sliding window pattern has fewer entries than the model has layers"));
      return {};
    }
  }
  const std::uint32_t period = keys.u32(kKey, 1, kMaxLayers, kDefaultPeriod);
  std::vector<bool> slides(n_layers);
  for (std::uint32_t i = 0; i < n_layers; ++i) slides[i] = i % period < period - 1;
  return slides;
}

void read_gemma3(KeyReader& keys, Config& config) {
  constexpr std::uint32_t kLayersOf27B = 62;
  constexpr float kSlidingFreqBase = 10000;
  // The 27B model alone scales by the width of the residual stream (Gemma 3 report, and its
  // published query_pre_attn_scalar); no metadata key says so.
  if (config.n_layers == kLayersOf27B) {
    const std::uint32_t width = config.dim / config.n_heads;
    config.attention_scale = 1.0f / std::sqrt(static_cast<float>(width));
  }
  config.logit_softcap = keys.f32("final_logit_softcapping", 0, 1e6f, 0);
  config.sliding_window = keys.u32("attention.sliding_window", 0, kMaxContext, 0);
  if (config.sliding_window > 0) config.layer_slides = read_sliding_pattern(keys, config.n_layers);
  config.sliding_rope.dim = config.rope.dim;
  config.sliding_rope.freq_base = keys.f32("rope.freq_base_swa", 1, 1e12f, kSlidingFreqBase);
}

/// The embedding table says how large the vocabulary is; the tokenizer must agree.
void read_vocabulary(const gguf::File& file, KeyReader& keys, Config& config) {
  const gguf::TensorInfo* table = file.find_tensor("token_embd.weight");
  if (!table) return keys.fail(bad("tensor 'token_embd.weight' is missing"));
  if (table->rows() > kMaxVocabulary) {
    return keys.fail(bad("tensor 'token_embd.weight' has " + std::to_string(table->rows()) +
                         " rows, more than any vocabulary"));
  }
  config.vocab_size = static_cast<std::uint32_t>(table->rows());
  const auto* tokens = file.metadata().find_strings("tokenizer.ggml.tokens");
  if (tokens && tokens->size() != config.vocab_size) {
    keys.fail(bad("the vocabulary has " + std::to_string(tokens->size()) +
                  " tokens, but tensor 'token_embd.weight' has " +
                  std::to_string(config.vocab_size) + " rows"));
  }
}

}  // namespace

Result<Config> read_config(const gguf::File& file) {
  Config config;
  Result<std::string> architecture = file.metadata().require_string("general.architecture");
  if (!architecture) return architecture.error();
  config.architecture = *architecture;
  if (config.architecture != "llama" && config.architecture != "gemma3") {
    return unsupported("architecture '" + config.architecture.substr(0, 64) +
                       "' is not supported; 'llama' and 'gemma3' are");
  }
  KeyReader keys(file.metadata(), config.architecture);
  read_common(keys, config);
  if (keys.status() && config.architecture == "llama") read_llama(keys, config);
  if (keys.status() && config.architecture == "gemma3") read_gemma3(keys, config);
  if (keys.status()) read_vocabulary(file, keys, config);
  if (!keys.status()) return keys.status().error();
  return config;
}

}  // namespace understory::model
