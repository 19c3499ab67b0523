// A GGUF file (v2, v3), memory-mapped and checked: metadata and tensors. Model files are
// untrusted: every count, offset, dimension, alignment and type is checked against the file
// before use, and a bad file is an Error that names the key or tensor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/result.h"
#include "kernels/dtype.h"

namespace understory::gguf {

/// Values as stored. Integers and floats keep the width class they had in the file; strings
/// are byte strings (not necessarily UTF-8).
using Array = std::variant<std::vector<std::int64_t>, std::vector<std::uint64_t>,
                           std::vector<double>, std::vector<std::string>, std::vector<bool>>;
using Value = std::variant<std::int64_t, std::uint64_t, double, bool, std::string, Array>;

/// The key-value part. Getters convert between integer widths where the value fits.
class Metadata {
 public:
  /// Null where the key does not exist.
  const Value* find(std::string_view key) const;

  /// nullopt where the key does not exist; kBadModel naming the key where its type or range
  /// does not fit.
  Result<std::optional<std::uint32_t>> get_u32(std::string_view key) const;
  Result<std::optional<float>> get_f32(std::string_view key) const;
  Result<std::optional<bool>> get_bool(std::string_view key) const;
  Result<std::optional<std::string>> get_string(std::string_view key) const;

  /// As above, but a missing key is kBadModel as well.
  Result<std::uint32_t> require_u32(std::string_view key) const;
  Result<float> require_f32(std::string_view key) const;
  Result<std::string> require_string(std::string_view key) const;

  /// Null where the key is missing or not such an array.
  const std::vector<std::string>* find_strings(std::string_view key) const;
  std::optional<std::vector<float>> find_floats(std::string_view key) const;
  std::optional<std::vector<std::int64_t>> find_integers(std::string_view key) const;

  void set(std::string key, Value value) { values_[std::move(key)] = std::move(value); }
  const std::unordered_map<std::string, Value>& values() const { return values_; }

 private:
  std::unordered_map<std::string, Value> values_;
};

/// A tensor's place in the file. dims[0] is the contiguous dimension (columns).
struct TensorInfo {
  std::string name;
  kernels::DType type = kernels::DType::kF32;
  std::uint32_t n_dims = 0;
  std::array<std::uint64_t, 4> dims{1, 1, 1, 1};
  std::span<const std::byte> data;  // inside the mapping; valid as long as the File

  std::uint64_t cols() const { return dims[0]; }
  std::uint64_t rows() const { return dims[1] * dims[2] * dims[3]; }
};

class File {
 public:
  /// kNotFound (no such file), kIo, kBadModel (not a GGUF, truncated, lying), kUnsupported
  /// (version, tensor type; names tensor and type).
  static Result<File> open(const std::filesystem::path& path);

  /// Parses bytes that outlive the File; for tests and fuzzing.
  static Result<File> parse(std::span<const std::byte> bytes);

  const Metadata& metadata() const { return metadata_; }
  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  const TensorInfo* find_tensor(std::string_view name) const;
  std::uint32_t version() const { return version_; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  /// The file's name without folder and extension; empty after parse().
  const std::string& file_name() const { return file_name_; }

  /// Tells the kernel that the tensor's pages are no longer needed in memory.
  void release_pages(const TensorInfo& tensor) const;

 private:
  std::shared_ptr<const void> mapping_;
  Metadata metadata_;
  std::vector<TensorInfo> tensors_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::uint32_t version_ = 0;
  std::uint64_t size_bytes_ = 0;
  std::string file_name_;
};

}  // namespace understory::gguf
