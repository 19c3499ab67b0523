// Takes tensors from a GGUF file to the device, checking name, shape and type, and reports
// progress. The first error is kept and later calls do nothing, so that an architecture lists
// its tensors straight down and asks once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "daemon/gguf/gguf.h"
#include "daemon/model/model.h"
#include "kernels/backend.h"

namespace understory::model {

class WeightLoader {
 public:
  WeightLoader(const gguf::File& file, kernels::Backend& backend, const LoadProgress& progress);

  bool has(const std::string& name) const { return file_.find_tensor(name) != nullptr; }

  /// W [rows, cols] of y = W x.
  kernels::Matrix matrix(const std::string& name, std::uint32_t rows, std::uint32_t cols);
  /// F32, F16 or BF16 in the file.
  kernels::Vector vector(const std::string& name, std::uint32_t size);
  std::vector<float> host_vector(const std::string& name, std::uint32_t size);

  /// Matrices [rows, cols] of one type, one below the other.
  struct Part {
    std::string name;
    std::uint32_t rows = 0;
  };
  kernels::Matrix stacked_matrix(std::span<const Part> parts, std::uint32_t cols);
  /// Two matrices [rows, cols] of one type, their rows in turn: [2 * rows, cols].
  kernels::Matrix interleaved_matrix(const std::string& even, const std::string& odd,
                                     std::uint32_t rows, std::uint32_t cols);
  /// True where both exist and have the same type.
  bool same_type(const std::string& a, const std::string& b) const;

  /// The same for biases; an empty handle where no part has one, zeros for a part without.
  kernels::Vector stacked_bias(std::span<const Part> parts);
  kernels::Vector interleaved_bias(const std::string& even, const std::string& odd,
                                   std::uint32_t size);

  /// Empty handles where the tensor does not exist.
  kernels::Matrix optional_matrix(const std::string& name, std::uint32_t rows, std::uint32_t cols);
  kernels::Vector optional_vector(const std::string& name, std::uint32_t size);

  /// Activations beside the weights, with the same handling of errors.
  kernels::Tensor tensor(std::uint32_t max_rows, std::uint32_t cols);

  /// The first error; kUnsupported naming a tensor that nobody asked for: its model computes
  /// something that we do not.
  Status finish();
  const Status& status() const { return status_; }

 private:
  std::vector<float> bias_or_zeros(const std::string& name, std::uint32_t size);
  const gguf::TensorInfo* take(const std::string& name, std::uint64_t rows, std::uint64_t cols);
  void loaded(const gguf::TensorInfo& info);
  template <class T>
  T keep(Result<T> made);

  const gguf::File& file_;
  kernels::Backend& backend_;
  LoadProgress progress_;
  std::unordered_set<std::string> taken_;
  std::uint64_t total_bytes_ = 0;
  std::uint64_t loaded_bytes_ = 0;
  Status status_;
};

}  // namespace understory::model
