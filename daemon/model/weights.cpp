#include "daemon/model/weights.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <utility>

namespace understory::model {
namespace {

using kernels::DType;

Error bad(std::string message) {
  return {ErrorCode::kBadModel, std::move(message)};
}

std::string shape(std::uint64_t rows, std::uint64_t cols) {
  return std::to_string(rows) + " x " + std::to_string(cols);
}

float half_to_float(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1f;
  const int mantissa = half & 0x3ff;
  const float sign = half & 0x8000 ? -1.0f : 1.0f;
  if (exponent == 0x1f) return mantissa ? std::nanf("") : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  return sign * std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
}

template <class T>
T load_at(std::span<const std::byte> data, std::size_t i) {
  T value;
  std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
  return value;
}

/// Parameters are stored as floats; Error where the type is a quantized one.
Result<std::vector<float>> to_floats(const gguf::TensorInfo& info) {
  std::vector<float> out(info.rows() * info.cols());
  for (std::size_t i = 0; i < out.size(); ++i) {
    switch (info.type) {
      case DType::kF32:
        out[i] = load_at<float>(info.data, i);
        break;
      case DType::kF16:
        out[i] = half_to_float(load_at<std::uint16_t>(info.data, i));
        break;
      case DType::kBF16:
        out[i] = std::bit_cast<float>(std::uint32_t{load_at<std::uint16_t>(info.data, i)} << 16);
        break;
      default:
        return Error{ErrorCode::kUnsupported, "tensor '" + info.name + "' has type " +
                                                  std::string(kernels::traits(info.type).name) +
                                                  "; a norm or bias must be F32, F16 or BF16"};
    }
    if (!std::isfinite(out[i])) {
      return bad("tensor '" + info.name + "' holds values that are not finite");
    }
  }
  return out;
}

}  // namespace

WeightLoader::WeightLoader(const gguf::File& file, kernels::Backend& backend,
                           const LoadProgress& progress)
    : file_(file), backend_(backend), progress_(progress) {
  for (const gguf::TensorInfo& info : file.tensors()) total_bytes_ += info.data.size();
}

const gguf::TensorInfo* WeightLoader::take(const std::string& name, std::uint64_t rows,
                                           std::uint64_t cols) {
  if (!status_) return nullptr;
  const gguf::TensorInfo* info = file_.find_tensor(name);
  if (!info) {
    status_ = bad("tensor '" + name + "' is missing");
    return nullptr;
  }
  if (info->rows() != rows || info->cols() != cols) {
    status_ = bad("tensor '" + name + "' is " + shape(info->rows(), info->cols()) +
                  "; the metadata ask for " + shape(rows, cols));
    return nullptr;
  }
  taken_.insert(name);
  return info;
}

void WeightLoader::loaded(const gguf::TensorInfo& info) {
  file_.release_pages(info);
  loaded_bytes_ += info.data.size();
  if (progress_) progress_(static_cast<float>(loaded_bytes_) / static_cast<float>(total_bytes_));
}

template <class T>
T WeightLoader::keep(Result<T> made) {
  if (made.ok()) return *std::move(made);
  status_ = made.error();
  return {};
}

kernels::Matrix WeightLoader::matrix(const std::string& name, std::uint32_t rows,
                                     std::uint32_t cols) {
  const gguf::TensorInfo* info = take(name, rows, cols);
  if (!info) return {};
  kernels::Matrix out = keep(backend_.upload_matrix(info->type, rows, cols, info->data));
  loaded(*info);
  return out;
}

bool WeightLoader::same_type(const std::string& a, const std::string& b) const {
  const gguf::TensorInfo* first = file_.find_tensor(a);
  const gguf::TensorInfo* second = file_.find_tensor(b);
  return first && second && first->type == second->type;
}

kernels::Matrix WeightLoader::stacked_matrix(std::span<const Part> parts, std::uint32_t cols) {
  if (parts.size() == 1) return matrix(parts[0].name, parts[0].rows, cols);
  std::vector<std::byte> bytes;
  std::uint32_t rows = 0;
  DType type = DType::kF32;
  for (const Part& part : parts) {
    const gguf::TensorInfo* info = take(part.name, part.rows, cols);
    if (!info) return {};
    assert(rows == 0 || info->type == type);
    bytes.insert(bytes.end(), info->data.begin(), info->data.end());
    type = info->type;
    rows += part.rows;
    loaded(*info);
  }
  return keep(backend_.upload_matrix(type, rows, cols, bytes));
}

kernels::Matrix WeightLoader::interleaved_matrix(const std::string& even, const std::string& odd,
                                                 std::uint32_t rows, std::uint32_t cols) {
  const gguf::TensorInfo* first = take(even, rows, cols);
  const gguf::TensorInfo* second = take(odd, rows, cols);
  if (!first || !second) return {};
  assert(first->type == second->type);
  const std::size_t row_bytes = kernels::row_bytes(first->type, cols);
  std::vector<std::byte> bytes;
  bytes.reserve(first->data.size() + second->data.size());
  for (std::size_t at = 0; at < first->data.size(); at += row_bytes) {
    for (const gguf::TensorInfo* info : {first, second}) {
      const auto row = info->data.subspan(at, row_bytes);
      bytes.insert(bytes.end(), row.begin(), row.end());
    }
  }
  kernels::Matrix out = keep(backend_.upload_matrix(first->type, 2 * rows, cols, bytes));
  loaded(*first);
  loaded(*second);
  return out;
}

std::vector<float> WeightLoader::bias_or_zeros(const std::string& name, std::uint32_t size) {
  return has(name) ? host_vector(name, size) : std::vector<float>(size, 0.0f);
}

kernels::Vector WeightLoader::stacked_bias(std::span<const Part> parts) {
  if (std::none_of(parts.begin(), parts.end(), [&](const Part& p) { return has(p.name); })) {
    return {};
  }
  std::vector<float> values;
  for (const Part& part : parts) {
    const std::vector<float> bias = bias_or_zeros(part.name, part.rows);
    values.insert(values.end(), bias.begin(), bias.end());
  }
  return status_ ? keep(backend_.upload_vector(values)) : kernels::Vector{};
}

kernels::Vector WeightLoader::interleaved_bias(const std::string& even, const std::string& odd,
                                               std::uint32_t size) {
  if (!has(even) && !has(odd)) return {};
  const std::vector<float> first = bias_or_zeros(even, size);
  const std::vector<float> second = bias_or_zeros(odd, size);
  if (!status_) return {};
  std::vector<float> values;
  for (std::uint32_t i = 0; i < size; ++i) {
    values.push_back(first[i]);
    values.push_back(second[i]);
  }
  return keep(backend_.upload_vector(values));
}

std::vector<float> WeightLoader::host_vector(const std::string& name, std::uint32_t size) {
  const gguf::TensorInfo* info = take(name, 1, size);
  if (!info) return {};
  std::vector<float> out = keep(to_floats(*info));
  loaded(*info);
  return out;
}

kernels::Vector WeightLoader::vector(const std::string& name, std::uint32_t size) {
  const std::vector<float> values = host_vector(name, size);
  return status_ ? keep(backend_.upload_vector(values)) : kernels::Vector{};
}

kernels::Matrix WeightLoader::optional_matrix(const std::string& name, std::uint32_t rows,
                                              std::uint32_t cols) {
  return has(name) ? matrix(name, rows, cols) : kernels::Matrix{};
}

kernels::Vector WeightLoader::optional_vector(const std::string& name, std::uint32_t size) {
  return has(name) ? vector(name, size) : kernels::Vector{};
}

kernels::Tensor WeightLoader::tensor(std::uint32_t max_rows, std::uint32_t cols) {
  return status_ ? keep(backend_.create_tensor(max_rows, cols)) : kernels::Tensor{};
}

Status WeightLoader::finish() {
  if (!status_) return status_;
  for (const gguf::TensorInfo& info : file_.tensors()) {
    if (taken_.contains(info.name)) continue;
    status_ = Error{ErrorCode::kUnsupported,
                    "tensor '" + info.name.substr(0, 80) +
                        "' is not part of the architecture as this build knows it"};
    return status_;
  }
  return {};
}

}  // namespace understory::model
