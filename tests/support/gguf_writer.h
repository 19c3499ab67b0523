// Builds GGUF files in memory for tests: valid ones, and, through the raw hooks, lying ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/dtype.h"

namespace understory::test {

/// Appends little-endian values.
class Bytes {
 public:
  template <class T>
  Bytes& put(T value) {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), from, from + sizeof(T));
    return *this;
  }
  Bytes& string(std::string_view text) {
    put<std::uint64_t>(text.size());
    return raw(std::as_bytes(std::span(text)));
  }
  Bytes& raw(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  const std::vector<std::byte>& get() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

class GgufWriter {
 public:
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;

  void add_u32(std::string_view key, std::uint32_t value) { add(key, 4, Bytes().put(value)); }
  void add_i64(std::string_view key, std::int64_t value) { add(key, 11, Bytes().put(value)); }
  void add_f32(std::string_view key, float value) { add(key, 6, Bytes().put(value)); }
  void add_bool(std::string_view key, bool value) { add(key, 7, Bytes().put<std::uint8_t>(value)); }
  void add_string(std::string_view key, std::string_view value) {
    add(key, 8, Bytes().string(value));
  }
  void add_strings(std::string_view key, std::span<const std::string> values) {
    Bytes body;
    body.put<std::uint32_t>(8).put<std::uint64_t>(values.size());
    for (const std::string& value : values) body.string(value);
    add(key, 9, body);
  }
  void add_floats(std::string_view key, std::span<const float> values) {
    add(key, 9,
        Bytes().put<std::uint32_t>(6).put<std::uint64_t>(values.size()).raw(std::as_bytes(values)));
  }
  void add_i32s(std::string_view key, std::span<const std::int32_t> values) {
    add(key, 9,
        Bytes().put<std::uint32_t>(5).put<std::uint64_t>(values.size()).raw(std::as_bytes(values)));
  }

  /// A key-value record with any type number and body.
  void add(std::string_view key, std::uint32_t type, const Bytes& body) {
    key_values_.string(key).put(type).raw(body.get());
    ++n_key_values_;
  }

  /// A tensor of any type number; dims[0] is the contiguous dimension.
  void add_tensor(std::string_view name, std::uint32_t type, const std::vector<std::uint64_t>& dims,
                  std::span<const std::byte> data) {
    add_tensor_at(name, type, dims, data_.size());
    data_.insert(data_.end(), data.begin(), data.end());
    data_.resize((data_.size() + alignment - 1) / alignment * alignment);
  }
  void add_tensor(std::string_view name, const std::vector<std::uint64_t>& dims,
                  std::span<const float> data) {
    add_tensor(name, 0, dims, std::as_bytes(data));
  }

  /// A tensor's description alone, at any offset of the data section.
  void add_tensor_at(std::string_view name, std::uint32_t type,
                     const std::vector<std::uint64_t>& dims, std::uint64_t offset) {
    infos_.string(name).put<std::uint32_t>(static_cast<std::uint32_t>(dims.size()));
    for (const std::uint64_t dim : dims) infos_.put(dim);
    infos_.put(type).put(offset);
    ++n_tensors_;
  }

  std::vector<std::byte> finish() const {
    Bytes out;
    out.put<std::uint32_t>(0x46554747).put(version).put(n_tensors_).put(n_key_values_);
    std::vector<std::byte> bytes = out.raw(key_values_.get()).raw(infos_.get()).get();
    if (n_tensors_ > 0) bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
    bytes.insert(bytes.end(), data_.begin(), data_.end());
    return bytes;
  }

 private:
  Bytes key_values_;
  Bytes infos_;
  std::vector<std::byte> data_;
  std::uint64_t n_key_values_ = 0;
  std::uint64_t n_tensors_ = 0;
};

}  // namespace understory::test
