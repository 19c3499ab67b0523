// Runs the same ops on the scalar reference and on Vulkan devices, and compares what they give.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/vulkan/vulkan_backend.h"

namespace understory::test {

/// Builds its handles on the backend it is given, runs, and returns what is to be compared. Must
/// be deterministic.
using Scenario = std::function<std::vector<float>(kernels::Backend&)>;

/// |got - expected| <= absolute + relative * |expected|.
struct Tolerance {
  float absolute = 1e-5f;
  float relative = 1e-5f;
};

/// Vulkan, under the validation layers, opened once for each kernel family; `device` in the
/// environment variable UNDERSTORY_TEST_DEVICE, as VulkanOptions::device.
kernels::Backend& vulkan_backend(kernels::KernelFamily family);

/// Runs the scenario on the reference and on Vulkan with both kernel families.
void expect_same(const std::string& what, const Scenario& scenario, Tolerance tolerance = {});

/// For results that are compared exactly: ids, copies.
inline constexpr Tolerance kExact{0, 0};

/// Records and runs `body`; a failed validation or run fails the test.
void run_ops(kernels::Backend& backend, const std::function<void(kernels::Ops&)>& body);

kernels::Tensor upload_tensor(kernels::Backend& backend, std::uint32_t rows, std::uint32_t cols,
                              std::span<const float> values);
/// Filled with random values in [low, high).
kernels::Tensor random_tensor(kernels::Backend& backend, std::uint32_t rows, std::uint32_t cols,
                              std::uint32_t seed, float low = -1, float high = 1);
kernels::Vector random_vector(kernels::Backend& backend, std::uint32_t size, std::uint32_t seed,
                              float low = -1, float high = 1);
kernels::Matrix random_matrix(kernels::Backend& backend, kernels::DType type, std::uint32_t rows,
                              std::uint32_t cols, std::uint32_t seed);
kernels::Indices upload_indices(kernels::Backend& backend, std::span<const std::uint32_t> values);

std::vector<float> read_all(kernels::Backend& backend, const kernels::Tensor& tensor);
std::vector<std::uint32_t> read_all(kernels::Backend& backend, const kernels::Indices& indices);

}  // namespace understory::test
