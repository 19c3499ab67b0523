// What the reference backend's handles point to.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/backend.h"

namespace understory::test {

struct FloatStorage : kernels::Storage {
  std::vector<float> data;
};

struct IndexStorage : kernels::Storage {
  std::vector<std::uint32_t> data;
};

/// K and V of all layers as [layer][K, V][slot][kv_head][head_dim], already rounded to f16.
struct KvStorage : kernels::Storage {
  std::vector<float> data;
};

/// Matrices, vectors and tensors; matrices are dequantized when uploaded.
template <class Handle>
std::vector<float>& floats(const Handle& handle) {
  return static_cast<FloatStorage&>(*handle.storage).data;
}

inline std::vector<std::uint32_t>& indices(const kernels::Indices& handle) {
  return static_cast<IndexStorage&>(*handle.storage).data;
}

/// The head_dim keys (or values) of one cache slot and KV head.
inline float* kv_head(const kernels::KvCache& cache, std::uint32_t layer, bool values,
                      std::uint32_t slot, std::uint32_t head) {
  const std::size_t n_slots = std::size_t{cache.n_blocks} * cache.block_size;
  const std::size_t plane = std::size_t{layer} * 2 + (values ? 1 : 0);
  const std::size_t index = ((plane * n_slots + slot) * cache.n_kv_heads + head) * cache.head_dim;
  return &static_cast<KvStorage&>(*cache.storage).data[index];
}

/// A mistake in how the ops were called.
inline void require_shape(bool holds, const char* what) {
  if (!holds) throw std::logic_error(std::string("reference backend: ") + what);
}

/// A mistake in what was written into Indices before a run.
inline void require_index(bool holds, const char* what) {
  if (!holds) throw std::out_of_range(std::string("reference backend: ") + what);
}

}  // namespace understory::test
