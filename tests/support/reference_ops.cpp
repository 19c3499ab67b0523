#include "tests/support/reference_ops.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/support/half.h"
#include "tests/support/reference_storage.h"

namespace understory::test {
namespace {

using kernels::Activation;
using kernels::AttentionParams;
using kernels::Epilogue;
using kernels::Indices;
using kernels::KvCache;
using kernels::Matrix;
using kernels::RopePairing;
using kernels::RowInputs;
using kernels::Tensor;
using kernels::Vector;

double dot(const float* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

double activate(Activation activation, double x) {
  if (activation == Activation::kSilu) return x / (1.0 + std::exp(-x));
  constexpr double kSqrt2OverPi = 0.79788456080286535588;
  return 0.5 * x * (1.0 + std::tanh(kSqrt2OverPi * (x + 0.044715 * x * x * x)));
}

void norm_group(const float* in, const std::vector<float>& weight, float* out, float eps,
                bool accumulate) {
  const std::size_t n = weight.size();
  const double scale = 1.0 / std::sqrt(dot(in, in, n) / static_cast<double>(n) + eps);
  for (std::size_t i = 0; i < n; ++i) {
    const auto normed = static_cast<float>(in[i] * scale * weight[i]);
    out[i] = accumulate ? out[i] + normed : normed;
  }
}

void rotate_head(float* head, const float* cos_sin, std::uint32_t rope_dim, RopePairing pairing) {
  for (std::uint32_t i = 0; i < rope_dim / 2; ++i) {
    const bool interleaved = pairing == RopePairing::kInterleaved;
    float& a = head[interleaved ? 2 * i : i];
    float& b = head[interleaved ? 2 * i + 1 : i + rope_dim / 2];
    const float cos = cos_sin[2 * i];
    const float sin = cos_sin[2 * i + 1];
    const float rotated_a = a * cos - b * sin;
    b = a * sin + b * cos;
    a = rotated_a;
  }
}

/// The slots that one row attends to, oldest first.
std::vector<std::uint32_t> visible_slots(const RowInputs& rows, const KvCache& cache,
                                         std::uint32_t row, std::uint32_t window) {
  const std::uint32_t position = indices(rows.positions)[row];
  const std::uint32_t sequence = indices(rows.sequences)[row];
  const std::uint32_t first = window != 0 && position >= window ? position - window + 1 : 0;
  require_index(position / cache.block_size < rows.blocks_per_sequence, "position past the table");
  require_index((std::size_t{sequence} + 1) * rows.blocks_per_sequence <= rows.block_tables.size,
                "sequence past the block tables");
  const std::uint32_t* table =
      &indices(rows.block_tables)[std::size_t{sequence} * rows.blocks_per_sequence];
  std::vector<std::uint32_t> slots;
  for (std::uint32_t j = first; j <= position; ++j) {
    const std::uint32_t block = table[j / cache.block_size];
    require_index(block < cache.n_blocks, "block number past the cache");
    slots.push_back(block * cache.block_size + j % cache.block_size);
  }
  return slots;
}

void attend(const float* q, const KvCache& cache, std::uint32_t layer, std::uint32_t head,
            const std::vector<std::uint32_t>& slots, const AttentionParams& params, float* out) {
  std::vector<double> scores(slots.size());
  for (std::size_t j = 0; j < slots.size(); ++j) {
    const float* key = kv_head(cache, layer, false, slots[j], head);
    scores[j] = dot(q, key, cache.head_dim) * params.scale;
    if (params.softcap != 0) scores[j] = params.softcap * std::tanh(scores[j] / params.softcap);
  }
  const double max = *std::max_element(scores.begin(), scores.end());
  for (double& score : scores) score = std::exp(score - max);
  const double total = std::accumulate(scores.begin(), scores.end(), 0.0);
  std::vector<double> sums(cache.head_dim, 0.0);
  for (std::size_t j = 0; j < slots.size(); ++j) {
    const float* value = kv_head(cache, layer, true, slots[j], head);
    for (std::uint32_t i = 0; i < cache.head_dim; ++i) sums[i] += scores[j] / total * value[i];
  }
  std::copy(sums.begin(), sums.end(), out);
}

/// Columns by falling value, equal ones by rising column; the first k.
std::vector<std::uint32_t> largest(const float* row, std::uint32_t cols, std::uint32_t k) {
  std::vector<std::uint32_t> columns(cols);
  std::iota(columns.begin(), columns.end(), 0);
  std::partial_sort(columns.begin(), columns.begin() + k, columns.end(),
                    [row](std::uint32_t a, std::uint32_t b) {
                      return row[a] != row[b] ? row[a] > row[b] : a < b;
                    });
  columns.resize(k);
  return columns;
}

float log_sum_exp(const float* row, std::uint32_t cols) {
  const double max = *std::max_element(row, row + cols);
  double sum = 0;
  for (std::uint32_t i = 0; i < cols; ++i) sum += std::exp(row[i] - max);
  return static_cast<float>(max + std::log(sum));
}

}  // namespace

void ReferenceOps::embed(const Matrix& table, const Indices& tokens, const Tensor& out,
                         std::uint32_t n_rows, float scale) {
  require_shape(out.cols == table.cols, "embed: out.cols is not table.cols");
  require_shape(n_rows <= out.max_rows && n_rows <= tokens.size, "embed: too many rows");
  steps_.push_back([=] {
    for (std::uint32_t r = 0; r < n_rows; ++r) {
      const std::uint32_t token = indices(tokens)[r];
      require_index(token < table.rows, "embed: token past the table");
      for (std::uint32_t c = 0; c < table.cols; ++c) {
        const std::size_t from = std::size_t{token} * table.cols + c;
        floats(out)[std::size_t{r} * out.cols + c] = floats(table)[from] * scale;
      }
    }
  });
}

void ReferenceOps::rms_norm(const Tensor& in, const Vector& weight, const Tensor& out,
                            std::uint32_t n_rows, float eps, bool accumulate) {
  require_shape(weight.size != 0 && in.cols % weight.size == 0,
                "rms_norm: in.cols is not a multiple of the weight's size");
  require_shape(in.cols == out.cols, "rms_norm: in and out differ in columns");
  require_shape(n_rows <= in.max_rows && n_rows <= out.max_rows, "rms_norm: too many rows");
  require_shape(!accumulate || in.storage != out.storage, "rms_norm: accumulates onto its input");
  steps_.push_back([=] {
    for (std::size_t at = 0; at < std::size_t{n_rows} * in.cols; at += weight.size) {
      norm_group(&floats(in)[at], floats(weight), &floats(out)[at], eps, accumulate);
    }
  });
}

namespace {

// What remains of a row's products, bias included: half as many where they come in pairs.
std::vector<double> gate_products(const Epilogue& epilogue, std::vector<double> acc,
                                  std::size_t row) {
  if (epilogue.pairs()) {
    for (std::size_t i = 0; i < acc.size() / 2; ++i) {
      acc[i] = activate(*epilogue.gate, static_cast<float>(acc[2 * i])) * acc[2 * i + 1];
    }
    acc.resize(acc.size() / 2);
  } else if (epilogue.gate) {
    for (std::size_t i = 0; i < acc.size(); ++i) {
      acc[i] *= activate(*epilogue.gate, floats(epilogue.gate_input)[row * acc.size() + i]);
    }
  }
  return acc;
}

void require_matmul_shapes(const Matrix& w, const Tensor& in, const std::vector<Tensor>& outs,
                           std::uint32_t n_rows, const Epilogue& epilogue) {
  require_shape(in.cols == w.cols, "matmul: in.cols is not w.cols");
  std::uint32_t out_cols = 0;
  for (const Tensor& out : outs) {
    out_cols += out.cols;
    require_shape(n_rows <= in.max_rows && n_rows <= out.max_rows, "matmul: too many rows");
    require_shape(in.storage != out.storage, "matmul: out is in");
  }
  require_shape(!epilogue.pairs() || w.rows % 2 == 0, "matmul: an odd number of paired rows");
  require_shape(out_cols == (epilogue.pairs() ? w.rows / 2 : w.rows),
                "matmul: the outputs' columns are not w.rows");
  require_shape(!outs.empty() && outs.size() <= kernels::kMaxMatmulOuts, "matmul: outputs");
  require_shape(outs.size() == 1 || (!epilogue.gate && !epilogue.accumulate),
                "matmul: several outputs with gate or accumulate");
  require_shape(!epilogue.bias || epilogue.bias.size == w.rows, "matmul: size of the bias");
  require_shape(!epilogue.gate_input ||
                    (epilogue.gate_input.cols == w.rows && n_rows <= epilogue.gate_input.max_rows),
                "matmul: shape of the gate input");
}

}  // namespace

void ReferenceOps::matmul_into(const Matrix& w, const Tensor& in, std::span<const Tensor> outs_span,
                               std::uint32_t n_rows, const Epilogue& epilogue) {
  const std::vector<Tensor> outs(outs_span.begin(), outs_span.end());
  require_matmul_shapes(w, in, outs, n_rows, epilogue);
  steps_.push_back([=] {
    for (std::uint32_t r = 0; r < n_rows; ++r) {
      const float* x = &floats(in)[std::size_t{r} * w.cols];
      std::vector<double> acc(w.rows);
      for (std::uint32_t o = 0; o < w.rows; ++o) {
        acc[o] = dot(&floats(w)[std::size_t{o} * w.cols], x, w.cols);
        if (epilogue.bias) acc[o] += floats(epilogue.bias)[o];
      }
      acc = gate_products(epilogue, std::move(acc), r);
      auto next = acc.begin();
      for (const Tensor& out : outs) {
        float* to = &floats(out)[std::size_t{r} * out.cols];
        for (std::uint32_t i = 0; i < out.cols; ++i, ++next) {
          to[i] = static_cast<float>(epilogue.accumulate ? to[i] + *next : *next);
        }
      }
    }
  });
}

void ReferenceOps::rope_store(const Tensor& q, const Tensor& k, const Tensor& v,
                              const Tensor& cos_sin, RopePairing pairing, const KvCache& cache,
                              std::uint32_t layer, const Indices& slots, std::uint32_t n_rows) {
  const std::uint32_t kv_cols = cache.n_kv_heads * cache.head_dim;
  require_shape(q.cols % cache.head_dim == 0, "rope_store: q.cols is not whole heads");
  require_shape(k.cols == kv_cols && v.cols == kv_cols, "rope_store: k or v differ from the cache");
  require_shape(cos_sin.cols % 2 == 0 && cos_sin.cols <= cache.head_dim,
                "rope_store: rope_dim is odd or above head_dim");
  require_shape(layer < cache.n_layers, "rope_store: layer");
  require_shape(
      n_rows <= std::min({q.max_rows, k.max_rows, v.max_rows, cos_sin.max_rows, slots.size}),
      "rope_store: too many rows");
  steps_.push_back([=] {
    const std::uint32_t head_dim = cache.head_dim;
    for (std::uint32_t r = 0; r < n_rows; ++r) {
      const float* angles = floats(cos_sin).data() + std::size_t{r} * cos_sin.cols;
      const std::uint32_t slot = indices(slots)[r];
      require_index(slot < cache.n_blocks * cache.block_size, "rope_store: slot past the cache");
      for (std::uint32_t h = 0; h < q.cols / head_dim; ++h) {
        float* head = &floats(q)[std::size_t{r} * q.cols + h * head_dim];
        rotate_head(head, angles, cos_sin.cols, pairing);
      }
      for (std::uint32_t h = 0; h < cache.n_kv_heads; ++h) {
        const std::size_t at = std::size_t{r} * kv_cols + h * head_dim;
        float* key = &floats(k)[at];
        rotate_head(key, angles, cos_sin.cols, pairing);
        std::transform(key, key + head_dim, kv_head(cache, layer, false, slot, h), round_to_half);
        const float* value = &floats(v)[at];
        std::transform(value, value + head_dim, kv_head(cache, layer, true, slot, h),
                       round_to_half);
      }
    }
  });
}

void ReferenceOps::attention(const Tensor& q, const KvCache& cache, std::uint32_t layer,
                             const RowInputs& rows, const Tensor& out, std::uint32_t n_rows,
                             const AttentionParams& params) {
  require_shape(params.n_heads % cache.n_kv_heads == 0, "attention: n_heads over n_kv_heads");
  require_shape(q.cols == params.n_heads * cache.head_dim && out.cols == q.cols,
                "attention: q or out is not n_heads * head_dim wide");
  require_shape(layer < cache.n_layers, "attention: layer");
  require_shape(
      n_rows <= std::min({q.max_rows, out.max_rows, rows.positions.size, rows.sequences.size}),
      "attention: too many rows");
  require_shape(q.storage != out.storage, "attention: out is q");
  steps_.push_back([=] {
    const std::uint32_t heads_per_kv_head = params.n_heads / cache.n_kv_heads;
    for (std::uint32_t r = 0; r < n_rows; ++r) {
      const auto slots = visible_slots(rows, cache, r, params.sliding_window);
      for (std::uint32_t h = 0; h < params.n_heads; ++h) {
        const std::size_t at = std::size_t{r} * q.cols + h * cache.head_dim;
        attend(&floats(q)[at], cache, layer, h / heads_per_kv_head, slots, params,
               &floats(out)[at]);
      }
    }
  });
}

void ReferenceOps::gather_rows(const Tensor& in, const Indices& rows, const Tensor& out,
                               std::uint32_t n_rows) {
  require_shape(in.cols == out.cols, "gather_rows: in and out differ in columns");
  require_shape(n_rows <= out.max_rows && n_rows <= rows.size, "gather_rows: too many rows");
  require_shape(in.storage != out.storage, "gather_rows: out is in");
  steps_.push_back([=] {
    for (std::uint32_t i = 0; i < n_rows; ++i) {
      const std::uint32_t row = indices(rows)[i];
      require_index(row < in.max_rows, "gather_rows: row past the input");
      std::copy_n(&floats(in)[std::size_t{row} * in.cols], in.cols,
                  &floats(out)[std::size_t{i} * out.cols]);
    }
  });
}

void ReferenceOps::top_k(const Tensor& in, std::uint32_t k, const Indices& ids,
                         const Tensor& values, const Tensor& logsumexp, std::uint32_t n_rows) {
  require_shape(k > 0 && k <= std::min(kernels::kMaxTopK, in.cols), "top_k: k");
  require_shape(values.cols == k && std::size_t{n_rows} * k <= ids.size, "top_k: shape of results");
  require_shape(logsumexp.cols == 1, "top_k: shape of logsumexp");
  require_shape(n_rows <= std::min({in.max_rows, values.max_rows, logsumexp.max_rows}),
                "top_k: too many rows");
  steps_.push_back([=] {
    for (std::uint32_t r = 0; r < n_rows; ++r) {
      const float* row = &floats(in)[std::size_t{r} * in.cols];
      const auto columns = largest(row, in.cols, k);
      for (std::uint32_t i = 0; i < k; ++i) {
        indices(ids)[std::size_t{r} * k + i] = columns[i];
        floats(values)[std::size_t{r} * k + i] = row[columns[i]];
      }
      floats(logsumexp)[r] = log_sum_exp(row, in.cols);
    }
  });
}

}  // namespace understory::test
