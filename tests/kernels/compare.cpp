#define CATCH_CONFIG_EXTERNAL_INTERFACES  // for the listener below

#include "tests/kernels/compare.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <map>

#include "tests/support/dequantize.h"
#include "tests/support/reference_backend.h"

namespace understory::test {
namespace {

using kernels::Backend;
using kernels::KernelFamily;

using Backends = std::map<KernelFamily, std::unique_ptr<Backend>>;

Backends& open_backends() {
  static Backends backends;
  return backends;
}

// The layers do not outlive main.
struct CloseBackends : Catch::TestEventListenerBase {
  using TestEventListenerBase::TestEventListenerBase;
  void testRunEnded(const Catch::TestRunStats&) override { open_backends().clear(); }
};
CATCH_REGISTER_LISTENER(CloseBackends)

std::unique_ptr<Backend> open_validated(KernelFamily family) {
  kernels::VulkanOptions options;
  options.family = family;
  options.validation = true;
  if (const char* device = std::getenv("UNDERSTORY_TEST_DEVICE")) options.device = device;
  auto backend = kernels::open_vulkan_backend(options);
  if (!backend.ok()) FAIL("no Vulkan backend: " << backend.error().message);
  return std::move(backend).value();
}

std::string first_difference(std::span<const float> expected, std::span<const float> got,
                             Tolerance tolerance) {
  if (expected.size() != got.size()) return "different sizes";
  std::size_t n_different = 0;
  std::string first;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const float allowed = tolerance.absolute + tolerance.relative * std::fabs(expected[i]);
    const bool near = std::fabs(got[i] - expected[i]) <= allowed;  // false for NaN
    if (near || got[i] == expected[i]) continue;                   // the same infinity
    if (n_different++ == 0) {
      first = "element " + std::to_string(i) + " is " + std::to_string(got[i]) + ", not " +
              std::to_string(expected[i]);
    }
  }
  if (n_different == 0) return {};
  return first + "; " + std::to_string(n_different) + " of " + std::to_string(got.size()) +
         " differ";
}

}  // namespace

Backend& vulkan_backend(KernelFamily family) {
  auto& backend = open_backends()[family];
  if (!backend) backend = open_validated(family);
  return *backend;
}

void expect_same(const std::string& what, const Scenario& scenario, Tolerance tolerance) {
  const auto reference = make_reference_backend();
  const std::vector<float> expected = scenario(*reference);
  for (const KernelFamily family : {KernelFamily::kLanes, KernelFamily::kSubgroup}) {
    Backend& backend = vulkan_backend(family);
    INFO(what << ", " << backend.info().kernel_family << " kernels, subgroup size "
              << backend.info().subgroup_size);
    CHECK(first_difference(expected, scenario(backend), tolerance) == "");
  }
}

void run_ops(Backend& backend, const std::function<void(kernels::Ops&)>& body) {
  auto program = backend.record(body);
  if (!program.ok()) FAIL("record: " << program.error().message);
  const Status status = backend.run(**program);
  if (!status.ok()) FAIL("run: " << status.error().message);
}

kernels::Tensor upload_tensor(Backend& backend, std::uint32_t rows, std::uint32_t cols,
                              std::span<const float> values) {
  auto tensor = backend.create_tensor(rows, cols).value_or_throw();
  backend.write(tensor, values);
  return tensor;
}

kernels::Tensor random_tensor(Backend& backend, std::uint32_t rows, std::uint32_t cols,
                              std::uint32_t seed, float low, float high) {
  return upload_tensor(backend, rows, cols,
                       random_floats(std::size_t{rows} * cols, seed, low, high));
}

kernels::Vector random_vector(Backend& backend, std::uint32_t size, std::uint32_t seed, float low,
                              float high) {
  return backend.upload_vector(random_floats(size, seed, low, high)).value_or_throw();
}

kernels::Matrix random_matrix(Backend& backend, kernels::DType type, std::uint32_t rows,
                              std::uint32_t cols, std::uint32_t seed) {
  return backend.upload_matrix(type, rows, cols, random_weights(type, rows, cols, seed))
      .value_or_throw();
}

kernels::Indices upload_indices(Backend& backend, std::span<const std::uint32_t> values) {
  auto indices = backend.create_indices(static_cast<std::uint32_t>(values.size())).value_or_throw();
  backend.write(indices, values);
  return indices;
}

std::vector<float> read_all(Backend& backend, const kernels::Tensor& tensor) {
  std::vector<float> values(std::size_t{tensor.max_rows} * tensor.cols);
  backend.read(tensor, values);
  return values;
}

std::vector<std::uint32_t> read_all(Backend& backend, const kernels::Indices& indices) {
  std::vector<std::uint32_t> values(indices.size);
  backend.read(indices, values);
  return values;
}

}  // namespace understory::test
