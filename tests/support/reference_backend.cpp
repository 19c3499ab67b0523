#include "tests/support/reference_backend.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tests/support/dequantize.h"
#include "tests/support/reference_ops.h"
#include "tests/support/reference_storage.h"

namespace understory::test {
namespace {

using kernels::DType;
using kernels::Indices;
using kernels::KvCache;
using kernels::Matrix;
using kernels::Tensor;
using kernels::Vector;

struct ReferenceProgram : kernels::Program {
  std::vector<ReferenceOps::Step> steps;
};

/// Counts what live handles hold.
using ByteCount = std::shared_ptr<std::size_t>;

template <class StorageType>
std::shared_ptr<StorageType> make_storage(std::size_t n_elements, const ByteCount& bytes) {
  const std::size_t size_bytes =
      n_elements * sizeof(typename decltype(StorageType::data)::value_type);
  std::unique_ptr<StorageType> storage = std::make_unique<StorageType>();
  storage->data.resize(n_elements);
  *bytes += size_bytes;
  return std::shared_ptr<StorageType>(storage.release(), [bytes, size_bytes](StorageType* held) {
    *bytes -= size_bytes;
    delete held;
  });
}

template <class T>
void copy_in(std::vector<T>& to, std::span<const T> from, std::size_t offset) {
  require_shape(offset + from.size() <= to.size(), "write past the end");
  std::copy(from.begin(), from.end(), to.begin() + static_cast<std::ptrdiff_t>(offset));
}

template <class T>
void copy_out(const std::vector<T>& from, std::span<T> to, std::size_t offset) {
  require_shape(offset + to.size() <= from.size(), "read past the end");
  std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.begin());
}

class ReferenceBackend : public kernels::Backend {
 public:
  ReferenceBackend() {
    info_.name = "scalar reference";
    info_.driver = "none";
    info_.kernel_family = "reference";
  }

  const kernels::DeviceInfo& info() const override { return info_; }
  std::uint32_t preferred_chunk_rows() const override { return 32; }
  std::size_t allocated_bytes() const override { return *bytes_; }

  Result<Matrix> upload_matrix(DType type, std::uint32_t rows, std::uint32_t cols,
                               std::span<const std::byte> data) override {
    require_shape(cols % kernels::traits(type).block_len == 0, "upload_matrix: part of a block");
    require_shape(data.size() == rows * kernels::row_bytes(type, cols),
                  "upload_matrix: size of the data");
    auto storage = make_storage<FloatStorage>(std::size_t{rows} * cols, bytes_);
    dequantize(type, data, storage->data);
    return Matrix{storage, type, rows, cols};
  }

  Result<Vector> upload_vector(std::span<const float> data) override {
    auto storage = make_storage<FloatStorage>(data.size(), bytes_);
    copy_in<float>(storage->data, data, 0);
    return Vector{storage, static_cast<std::uint32_t>(data.size())};
  }

  Result<Tensor> create_tensor(std::uint32_t max_rows, std::uint32_t cols) override {
    auto storage = make_storage<FloatStorage>(std::size_t{max_rows} * cols, bytes_);
    return Tensor{storage, max_rows, cols};
  }

  Result<Indices> create_indices(std::uint32_t size) override {
    return Indices{make_storage<IndexStorage>(size, bytes_), size};
  }

  Result<KvCache> create_kv_cache(std::uint32_t n_layers, std::uint32_t n_kv_heads,
                                  std::uint32_t head_dim, std::uint32_t block_size,
                                  std::uint32_t n_blocks) override {
    const std::size_t n_halves =
        kernels::kv_cache_bytes(n_layers, n_kv_heads, head_dim, block_size, n_blocks) / 2;
    auto storage = make_storage<KvStorage>(n_halves, bytes_);
    return KvCache{storage, n_layers, n_kv_heads, head_dim, block_size, n_blocks};
  }

  Result<std::unique_ptr<kernels::Program>> record(
      const std::function<void(kernels::Ops&)>& body) override {
    ReferenceOps ops;
    body(ops);
    auto program = std::make_unique<ReferenceProgram>();
    program->steps = ops.take_steps();
    return std::unique_ptr<kernels::Program>(std::move(program));
  }

  Status run(kernels::Program& program) override {
    try {
      for (const auto& step : static_cast<ReferenceProgram&>(program).steps) step();
    } catch (const std::out_of_range& bad_index) {
      return Error{ErrorCode::kInternal, bad_index.what()};
    }
    return {};
  }

  void write(const Tensor& to, std::span<const float> from, std::size_t offset) override {
    copy_in(floats(to), from, offset);
  }
  void write(const Indices& to, std::span<const std::uint32_t> from, std::size_t offset) override {
    copy_in(indices(to), from, offset);
  }
  void read(const Tensor& from, std::span<float> to, std::size_t offset) override {
    copy_out(floats(from), to, offset);
  }
  void read(const Indices& from, std::span<std::uint32_t> to, std::size_t offset) override {
    copy_out(indices(from), to, offset);
  }

  Status copy_blocks(const KvCache& cache, std::span<const BlockCopy> copies) override {
    const std::size_t block_floats =
        std::size_t{cache.block_size} * cache.n_kv_heads * cache.head_dim;
    for (const BlockCopy& copy : copies) {
      require_shape(copy.from < cache.n_blocks && copy.to < cache.n_blocks, "copy_blocks: block");
      for (std::uint32_t layer = 0; layer < cache.n_layers; ++layer) {
        for (const bool values : {false, true}) {
          std::copy_n(kv_head(cache, layer, values, copy.from * cache.block_size, 0), block_floats,
                      kv_head(cache, layer, values, copy.to * cache.block_size, 0));
        }
      }
    }
    return {};
  }

 private:
  kernels::DeviceInfo info_;
  ByteCount bytes_ = std::make_shared<std::size_t>(0);
};

}  // namespace

std::shared_ptr<kernels::Backend> make_reference_backend() {
  return std::make_shared<ReferenceBackend>();
}

}  // namespace understory::test
