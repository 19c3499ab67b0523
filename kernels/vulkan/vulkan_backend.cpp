#include "kernels/vulkan/vulkan_backend.h"

#include <algorithm>
#include <cassert>
#include <string>

#include "kernels/vulkan/bandwidth.h"
#include "kernels/vulkan/buffers.h"
#include "kernels/vulkan/device.h"
#include "kernels/vulkan/pipelines.h"
#include "kernels/vulkan/recorder.h"
#include "kernels/vulkan/weights.h"

namespace understory::kernels {
namespace vulkan {
namespace {

constexpr std::uint32_t kChunkRowsOnCpuDriver = 32;
constexpr std::uint32_t kChunkRowsOnGpu = 512;

Error error_of(const vk::SystemError& failure, const std::string& what) {
  const auto code = failure.code();
  const bool memory =
      code == vk::Result::eErrorOutOfDeviceMemory || code == vk::Result::eErrorOutOfHostMemory;
  const bool lost = code == vk::Result::eErrorDeviceLost;
  if (memory) {
    return {ErrorCode::kOutOfMemory, "device memory is exhausted: " + what +
                                         ". Use a smaller model or context, or another device"};
  }
  if (lost) return {ErrorCode::kUnavailable, "the Vulkan device was lost: " + what};
  return {ErrorCode::kInternal, "Vulkan failed (" + what + "): " + failure.what()};
}

// Runs `body` and turns what Vulkan throws into an Error.
template <class Body>
auto guarded(const std::string& what, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const vk::SystemError& failure) {
    return error_of(failure, what);
  }
}

class VulkanBackend final : public Backend {
 public:
  explicit VulkanBackend(std::unique_ptr<Device> device)
      : device_(std::move(device)),
        buffers_(*device_),
        pipelines_(*device_, buffers_),
        unused_buffer_(buffers_.create(256, MemoryUse::kWeights, true)) {}

  const DeviceInfo& info() const override { return device_->info(); }

  std::uint32_t preferred_chunk_rows() const override {
    return device_->is_cpu_driver() ? kChunkRowsOnCpuDriver : kChunkRowsOnGpu;
  }

  Result<Matrix> upload_matrix(DType type, std::uint32_t rows, std::uint32_t cols,
                               std::span<const std::byte> data) override {
    return guarded("uploading a matrix", [&]() -> Result<Matrix> {
      if (rows == 0 || cols == 0 || cols % traits(type).block_len != 0 ||
          data.size() != rows * row_bytes(type, cols)) {
        return Error{ErrorCode::kInvalidArgument, "a " + std::string(traits(type).name) +
                                                      " matrix of " + std::to_string(rows) + " x " +
                                                      std::to_string(cols) + " does not fit its " +
                                                      std::to_string(data.size()) + " bytes"};
      }
      prepare_weight_pipelines(*device_, pipelines_, type);
      return Matrix{upload_weights(*device_, buffers_, type, rows, cols, data), type, rows, cols};
    });
  }

  Result<Vector> upload_vector(std::span<const float> data) override {
    return guarded("uploading a vector", [&]() -> Result<Vector> {
      auto storage = make_storage(data.size_bytes(), MemoryUse::kWeights);
      buffers_.write(storage->buffer, std::as_bytes(data), 0);
      return Vector{std::move(storage), static_cast<std::uint32_t>(data.size())};
    });
  }

  Result<Tensor> create_tensor(std::uint32_t max_rows, std::uint32_t cols) override {
    return guarded("creating activations", [&]() -> Result<Tensor> {
      return Tensor{make_storage(std::size_t{4} * max_rows * cols, MemoryUse::kShared), max_rows,
                    cols};
    });
  }

  Result<Indices> create_indices(std::uint32_t size) override {
    return guarded("creating indices", [&]() -> Result<Indices> {
      return Indices{make_storage(std::size_t{4} * size, MemoryUse::kShared), size};
    });
  }

  Result<KvCache> create_kv_cache(std::uint32_t n_layers, std::uint32_t n_kv_heads,
                                  std::uint32_t head_dim, std::uint32_t block_size,
                                  std::uint32_t n_blocks) override;

  Result<std::unique_ptr<Program>> record(const std::function<void(Ops&)>& body) override;
  Status run(Program& program) override;

  void write(const Tensor& to, std::span<const float> from, std::size_t offset) override {
    buffers_.write(storage_of(to.storage).buffer, std::as_bytes(from), offset * 4);
  }
  void write(const Indices& to, std::span<const std::uint32_t> from, std::size_t offset) override {
    buffers_.write(storage_of(to.storage).buffer, std::as_bytes(from), offset * 4);
  }
  void read(const Tensor& from, std::span<float> to, std::size_t offset) override {
    buffers_.read(storage_of(from.storage).buffer, std::as_writable_bytes(to), offset * 4);
  }
  void read(const Indices& from, std::span<std::uint32_t> to, std::size_t offset) override {
    buffers_.read(storage_of(from.storage).buffer, std::as_writable_bytes(to), offset * 4);
  }

  Status copy_blocks(const KvCache& cache, std::span<const BlockCopy> copies) override;

  std::size_t allocated_bytes() const override { return buffers_.allocated_bytes(); }

  std::size_t n_validation_errors() const { return device_->n_validation_errors(); }
  Result<double> measure_bandwidth() {
    return guarded("measuring memory bandwidth", [&]() -> Result<double> {
      return measure_read_gb_s(*device_, buffers_, pipelines_);
    });
  }

 private:
  std::shared_ptr<BufferStorage> make_storage(std::size_t size_bytes, MemoryUse use) {
    auto storage = std::make_shared<BufferStorage>();
    storage->buffer = buffers_.create(size_bytes, use, true);
    buffers_.fill_zero(storage->buffer);
    return storage;
  }

  Status check_validation() const {
    if (device_->n_validation_errors() == 0) return {};
    return Error{ErrorCode::kInternal, "Vulkan validation: " + device_->first_validation_error()};
  }

  std::unique_ptr<Device> device_;
  BufferFactory buffers_;
  Pipelines pipelines_;
  Buffer unused_buffer_;
};

Result<KvCache> VulkanBackend::create_kv_cache(std::uint32_t n_layers, std::uint32_t n_kv_heads,
                                               std::uint32_t head_dim, std::uint32_t block_size,
                                               std::uint32_t n_blocks) {
  const std::size_t half = std::size_t{2} * n_kv_heads * head_dim * block_size * n_blocks;
  const std::size_t limit = device_->limits().maxStorageBufferRange;
  if (2 * half > limit) {
    return Error{ErrorCode::kOutOfMemory,
                 "a KV cache of " + std::to_string(std::size_t{n_blocks} * block_size) +
                     " positions needs " + std::to_string(2 * half >> 20) +
                     " MiB a layer; this device binds at most " + std::to_string(limit >> 20) +
                     " MiB. Use a smaller context"};
  }
  if (head_dim % 2 != 0) {
    return Error{ErrorCode::kUnsupported, "attention heads of an odd size (" +
                                              std::to_string(head_dim) + ") are not supported"};
  }
  return guarded("creating the KV cache", [&]() -> Result<KvCache> {
    auto storage = std::make_shared<KvStorage>();
    storage->block_bytes = std::size_t{2} * n_kv_heads * head_dim * block_size;
    storage->v_offset_bytes = half;
    for (std::uint32_t layer = 0; layer < n_layers; ++layer) {
      storage->layers.push_back(buffers_.create(2 * half, MemoryUse::kWeights, true));
    }
    return KvCache{std::move(storage), n_layers, n_kv_heads, head_dim, block_size, n_blocks};
  });
}

Result<std::unique_ptr<Program>> VulkanBackend::record(const std::function<void(Ops&)>& body) {
  return guarded("recording a step", [&]() -> Result<std::unique_ptr<Program>> {
    auto program = std::make_unique<VulkanProgram>(*device_);
    const vk::raii::CommandBuffer& commands = program->commands();
    commands.begin(vk::CommandBufferBeginInfo());
    full_barrier(commands);
    Recorder recorder(*device_, pipelines_, unused_buffer_, *program);
    body(recorder);
    full_barrier(commands);
    commands.end();
    if (const Status valid = check_validation(); !valid) return valid.error();
    return std::unique_ptr<Program>(std::move(program));
  });
}

Status VulkanBackend::run(Program& program) {
  return guarded("running a step", [&]() -> Status {
    device_->submit_and_wait(static_cast<VulkanProgram&>(program).commands());
    return check_validation();
  });
}

Status VulkanBackend::copy_blocks(const KvCache& cache, std::span<const BlockCopy> copies) {
  if (copies.empty()) return {};
  return guarded("copying cache blocks", [&]() -> Status {
    const KvStorage& storage = storage_of(cache);
    std::vector<vk::BufferCopy> regions;
    for (const BlockCopy& copy : copies) {
      assert(copy.from < cache.n_blocks && copy.to < cache.n_blocks && copy.from != copy.to);
      for (const std::size_t base : {std::size_t{0}, storage.v_offset_bytes}) {
        regions.emplace_back(base + copy.from * storage.block_bytes,
                             base + copy.to * storage.block_bytes, storage.block_bytes);
      }
    }
    device_->run_once([&](const vk::raii::CommandBuffer& commands) {
      full_barrier(commands);
      for (const Buffer& layer : storage.layers) {
        commands.copyBuffer(*layer.buffer, *layer.buffer, regions);
      }
      full_barrier(commands);
    });
    return check_validation();
  });
}

}  // namespace
}  // namespace vulkan

Result<std::vector<DeviceInfo>> list_vulkan_devices() {
  auto instance = vulkan::create_instance(false);
  if (!instance) return instance.error();
  auto candidates = vulkan::list_candidates(**instance);
  if (!candidates) return candidates.error();
  std::vector<DeviceInfo> infos;
  for (vulkan::Candidate& candidate : *candidates) infos.push_back(std::move(candidate.info));
  return infos;
}

Result<std::unique_ptr<Backend>> open_vulkan_backend(const VulkanOptions& options) {
  auto device = vulkan::Device::open(options);
  if (!device) return device.error();
  return vulkan::guarded("opening the device", [&]() -> Result<std::unique_ptr<Backend>> {
    return std::unique_ptr<Backend>(std::make_unique<vulkan::VulkanBackend>(std::move(*device)));
  });
}

std::size_t validation_error_count(const Backend& backend) {
  return static_cast<const vulkan::VulkanBackend&>(backend).n_validation_errors();
}

Result<double> measure_memory_bandwidth_gb_s(Backend& backend) {
  return static_cast<vulkan::VulkanBackend&>(backend).measure_bandwidth();
}

}  // namespace understory::kernels
