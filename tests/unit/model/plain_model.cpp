#include "tests/unit/model/plain_model.h"

#include <cmath>
#include <random>

namespace understory::test {
namespace {

constexpr double kEps = 1e-5;
constexpr double kPi = 3.14159265358979323846;

std::string layer_prefix(std::uint32_t layer) {
  return "blk." + std::to_string(layer) + ".";
}

void add_to(std::vector<double>& sum, const std::vector<double>& x) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += x[i];
}

double silu(double x) {
  return x / (1 + std::exp(-x));
}
double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / kPi) * (x + 0.044715 * x * x * x)));
}

}  // namespace

PlainModel::PlainModel(PlainShape shape, std::uint32_t seed) : shape_(shape), seed_(seed) {
  add("token_embd.weight", {shape.dim, shape.vocab_size}, 0, 1);
  for (std::uint32_t i = 0; i < shape.n_layers; ++i) add_layer(i);
  add("output_norm.weight", {shape.dim}, 1, 0.5f);
  if (!shape.tied) add("output.weight", {shape.dim, shape.vocab_size}, 0, 1);
  if (shape.freq_factors) add("rope_freqs.weight", {shape.rope_dim / 2}, 3, 2);
}

void PlainModel::add_layer(std::uint32_t layer) {
  const std::string prefix = layer_prefix(layer);
  const std::uint64_t q_dim = shape_.n_heads * shape_.head_dim;
  const std::uint64_t kv_dim = shape_.n_kv_heads * shape_.head_dim;
  add(prefix + "attn_norm.weight", {shape_.dim}, 1, 0.5f);
  add(prefix + "attn_q.weight", {shape_.dim, q_dim}, 0, 0.6f);
  add(prefix + "attn_k.weight", {shape_.dim, kv_dim}, 0, 0.6f);
  add(prefix + "attn_v.weight", {shape_.dim, kv_dim}, 0, 0.3f);
  add(prefix + "attn_output.weight", {q_dim, shape_.dim}, 0, 0.3f);
  add(prefix + "ffn_norm.weight", {shape_.dim}, 1, 0.5f);
  add(prefix + "ffn_gate.weight", {shape_.dim, shape_.ffn_dim}, 0, 0.3f);
  add(prefix + "ffn_up.weight", {shape_.dim, shape_.ffn_dim}, 0, 0.3f);
  add(prefix + "ffn_down.weight", {shape_.ffn_dim, shape_.dim}, 0, 0.3f);
  if (is_gemma()) {
    add(prefix + "attn_q_norm.weight", {shape_.head_dim}, 1.5f, 0.5f);
    add(prefix + "attn_k_norm.weight", {shape_.head_dim}, 1.5f, 0.5f);
    add(prefix + "post_attention_norm.weight", {shape_.dim}, 1, 0.5f);
    add(prefix + "post_ffw_norm.weight", {shape_.dim}, 1, 0.5f);
  }
  if (shape_.biases) {
    add(prefix + "attn_q.bias", {q_dim}, 0, 0.5f);
    add(prefix + "attn_k.bias", {kv_dim}, 0, 0.5f);
    add(prefix + "attn_v.bias", {kv_dim}, 0, 0.5f);
    add(prefix + "attn_output.bias", {shape_.dim}, 0, 0.5f);
    add(prefix + "ffn_gate.bias", {shape_.ffn_dim}, 0, 0.5f);
    add(prefix + "ffn_up.bias", {shape_.ffn_dim}, 0, 0.5f);
    add(prefix + "ffn_down.bias", {shape_.dim}, 0, 0.5f);
  }
}

void PlainModel::add(const std::string& name, std::vector<std::uint64_t> dims, float center,
                     float spread) {
  std::mt19937 random(seed_ + static_cast<std::uint32_t>(weights_.size()) * 7919);
  std::uint64_t n = 1;
  for (const std::uint64_t dim : dims) n *= dim;
  std::vector<float> values(n);
  for (float& value : values) {
    const float unit = static_cast<float>(random()) / 4294967296.0f;  // [0, 1)
    value = center + spread * (2 * unit - 1);
  }
  weights_[name] = {std::move(dims), std::move(values)};
}

GgufWriter PlainModel::writer() const {
  return writer_without("");
}

GgufWriter PlainModel::writer_without(const std::string& tensor) const {
  GgufWriter out;
  write_metadata(out);
  for (const auto& [name, weights] : weights_) {
    if (name != tensor) out.add_tensor(name, weights.dims, weights.values);
  }
  return out;
}

void PlainModel::write_metadata(GgufWriter& out) const {
  const std::string prefix = shape_.architecture + ".";
  out.add_string("general.architecture", shape_.architecture);
  out.add_string("general.name", "tiny");
  out.add_u32(prefix + "block_count", shape_.n_layers);
  out.add_u32(prefix + "context_length", shape_.context);
  out.add_u32(prefix + "embedding_length", shape_.dim);
  out.add_u32(prefix + "feed_forward_length", shape_.ffn_dim);
  out.add_u32(prefix + "attention.head_count", shape_.n_heads);
  out.add_u32(prefix + "attention.head_count_kv", shape_.n_kv_heads);
  out.add_u32(prefix + "attention.key_length", shape_.head_dim);
  out.add_u32(prefix + "attention.value_length", shape_.head_dim);
  out.add_f32(prefix + "attention.layer_norm_rms_epsilon", static_cast<float>(kEps));
  out.add_f32(prefix + "rope.freq_base", static_cast<float>(shape_.rope_base));
  if (!is_gemma()) out.add_u32(prefix + "rope.dimension_count", shape_.rope_dim);
  if (shape_.rope_factor != 1) {
    out.add_string(prefix + "rope.scaling.type", "linear");
    out.add_f32(prefix + "rope.scaling.factor", static_cast<float>(shape_.rope_factor));
  }
  if (shape_.sliding_window > 0) {
    out.add_u32(prefix + "attention.sliding_window", shape_.sliding_window);
    if (shape_.sliding_period != 6) {
      out.add_u32(prefix + "attention.sliding_window_pattern", shape_.sliding_period);
    }
  }
  if (shape_.softcap > 0) {
    out.add_f32(prefix + "final_logit_softcapping", static_cast<float>(shape_.softcap));
  }
}

bool PlainModel::slides(std::uint32_t layer) const {
  return shape_.sliding_window > 0 && (layer + 1) % shape_.sliding_period != 0;
}

std::vector<double> PlainModel::times(const std::string& name, const std::vector<double>& x) const {
  const Weights& w = weights_.at(name + ".weight");
  std::vector<double> y(w.dims[1]);
  for (std::size_t row = 0; row < y.size(); ++row) {
    for (std::size_t col = 0; col < x.size(); ++col) {
      y[row] += static_cast<double>(w.values[row * x.size() + col]) * x[col];
    }
  }
  if (has(name + ".bias")) {
    const std::vector<float>& bias = weights_.at(name + ".bias").values;
    for (std::size_t row = 0; row < y.size(); ++row) y[row] += bias[row];
  }
  return y;
}

std::vector<double> PlainModel::normed(const std::string& name,
                                       const std::vector<double>& x) const {
  double squares = 0;
  for (const double value : x) squares += value * value;
  const double scale = 1 / std::sqrt(squares / static_cast<double>(x.size()) + kEps);
  std::vector<double> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    y[i] = x[i] * scale * weights_.at(name + ".weight").values[i];
  }
  return y;
}

void PlainModel::norm_heads(const std::string& name, std::vector<double>& x) const {
  for (std::size_t start = 0; start < x.size(); start += shape_.head_dim) {
    const auto begin = x.begin() + static_cast<std::ptrdiff_t>(start);
    const std::vector<double> head = normed(name, {begin, begin + shape_.head_dim});
    std::copy(head.begin(), head.end(), begin);
  }
}

void PlainModel::rotate(std::vector<double>& x, std::size_t position, bool sliding) const {
  const double base = sliding ? 10000.0 : shape_.rope_base;
  const double factor = sliding ? 1.0 : shape_.rope_factor;
  const std::uint32_t half = shape_.rope_dim / 2;
  for (std::size_t head = 0; head < x.size(); head += shape_.head_dim) {
    for (std::uint32_t i = 0; i < half; ++i) {
      double angle = static_cast<double>(position) / factor *
                     std::pow(base, -2.0 * i / static_cast<double>(shape_.rope_dim));
      if (has("rope_freqs.weight")) angle /= weights_.at("rope_freqs.weight").values[i];
      double& a = x[head + (is_gemma() ? i : 2 * i)];
      double& b = x[head + (is_gemma() ? i + half : 2 * i + 1)];
      const double turned_a = a * std::cos(angle) - b * std::sin(angle);
      b = a * std::sin(angle) + b * std::cos(angle);
      a = turned_a;
    }
  }
}

PlainModel::Rows PlainModel::attend(const std::string& prefix, std::uint32_t layer,
                                    const Rows& inputs) const {
  const std::size_t head_dim = shape_.head_dim;
  const std::size_t group = shape_.n_heads / shape_.n_kv_heads;
  const double scale = 1 / std::sqrt(static_cast<double>(head_dim));
  Rows q, k, v, out;
  for (std::size_t p = 0; p < inputs.size(); ++p) {
    q.push_back(times(prefix + "attn_q", inputs[p]));
    k.push_back(times(prefix + "attn_k", inputs[p]));
    v.push_back(times(prefix + "attn_v", inputs[p]));
    if (is_gemma()) {
      norm_heads(prefix + "attn_q_norm", q[p]);
      norm_heads(prefix + "attn_k_norm", k[p]);
    }
    rotate(q[p], p, slides(layer));
    rotate(k[p], p, slides(layer));
  }
  for (std::size_t p = 0; p < inputs.size(); ++p) {
    const std::size_t window = slides(layer) ? shape_.sliding_window : inputs.size();
    const std::size_t first = p + 1 > window ? p + 1 - window : 0;
    std::vector<double> mixed(q[p].size());
    for (std::size_t head = 0; head < shape_.n_heads; ++head) {
      const std::size_t q_at = head * head_dim;
      const std::size_t kv_at = head / group * head_dim;
      std::vector<double> shares;
      double total = 0;
      for (std::size_t j = first; j <= p; ++j) {
        double score = 0;
        for (std::size_t d = 0; d < head_dim; ++d) score += q[p][q_at + d] * k[j][kv_at + d];
        shares.push_back(std::exp(score * scale));
        total += shares.back();
      }
      for (std::size_t j = first; j <= p; ++j) {
        for (std::size_t d = 0; d < head_dim; ++d) {
          mixed[q_at + d] += shares[j - first] / total * v[j][kv_at + d];
        }
      }
    }
    out.push_back(times(prefix + "attn_output", mixed));
  }
  return out;
}

std::vector<double> PlainModel::feed_forward(const std::string& prefix,
                                             const std::vector<double>& x) const {
  std::vector<double> hidden = times(prefix + "ffn_up", x);
  const std::vector<double> gate = times(prefix + "ffn_gate", x);
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    hidden[i] *= is_gemma() ? gelu_tanh(gate[i]) : silu(gate[i]);
  }
  return times(prefix + "ffn_down", hidden);
}

std::vector<std::vector<double>> PlainModel::logits(
    const std::vector<std::uint32_t>& tokens) const {
  const std::vector<float>& table = weights_.at("token_embd.weight").values;
  Rows x;
  for (const std::uint32_t token : tokens) {
    const auto begin = table.begin() + static_cast<std::ptrdiff_t>(token * shape_.dim);
    x.emplace_back(begin, begin + shape_.dim);
    if (!is_gemma()) continue;
    for (double& value : x.back()) value *= std::sqrt(static_cast<double>(shape_.dim));
  }
  for (std::uint32_t layer = 0; layer < shape_.n_layers; ++layer) {
    const std::string prefix = layer_prefix(layer);
    Rows inputs;
    for (const auto& row : x) inputs.push_back(normed(prefix + "attn_norm", row));
    const Rows mixed = attend(prefix, layer, inputs);
    for (std::size_t p = 0; p < x.size(); ++p) {
      add_to(x[p], is_gemma() ? normed(prefix + "post_attention_norm", mixed[p]) : mixed[p]);
      const auto fed = feed_forward(prefix, normed(prefix + "ffn_norm", x[p]));
      add_to(x[p], is_gemma() ? normed(prefix + "post_ffw_norm", fed) : fed);
    }
  }
  Rows out;
  for (const auto& row : x) {
    out.push_back(times(shape_.tied ? "token_embd" : "output", normed("output_norm", row)));
    if (shape_.softcap == 0) continue;
    for (double& logit : out.back()) logit = shape_.softcap * std::tanh(logit / shape_.softcap);
  }
  return out;
}

}  // namespace understory::test
