// Private to codec.cpp: message structs to msgpack.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <msgpack.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/fields.h"
#include "protocol/present_fields.h"
#include "protocol/utf8.h"

namespace understory::protocol {

using Packer = msgpack::packer<msgpack::sbuffer>;

inline void pack_key(Packer& out, std::string_view key) {
  out.pack_str(static_cast<std::uint32_t>(key.size()));
  out.pack_str_body(key.data(), static_cast<std::uint32_t>(key.size()));
}

inline void pack_value(Packer& out, const std::string& text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  if (is_valid_utf8(text)) {
    out.pack_str(size).pack_str_body(text.data(), size);
  } else {
    out.pack_bin(size).pack_bin_body(text.data(), size);
  }
}
inline void pack_value(Packer& out, bool value) {
  value ? out.pack_true() : out.pack_false();
}
inline void pack_value(Packer& out, std::uint32_t value) {
  out.pack_uint32(value);
}
inline void pack_value(Packer& out, std::uint64_t value) {
  out.pack_uint64(value);
}
// msgpack-cxx writes whole floats as integers; a reader should find the type that the table says.
template <class UInt>
void pack_float_bits(Packer& out, char head, UInt bits) {
  char bytes[1 + sizeof(UInt)] = {head};
  for (std::size_t i = 0; i < sizeof(UInt); ++i) {
    bytes[1 + i] = static_cast<char>(bits >> (8 * (sizeof(UInt) - 1 - i)));
  }
  out.pack_bin_body(bytes, sizeof(bytes));
}
inline void pack_value(Packer& out, float value) {
  pack_float_bits(out, '\xca', std::bit_cast<std::uint32_t>(value));
}
inline void pack_value(Packer& out, double value) {
  pack_float_bits(out, '\xcb', std::bit_cast<std::uint64_t>(value));
}

template <class T>
void pack_value(Packer& out, const std::optional<T>& value);
template <class T>
void pack_value(Packer& out, const std::vector<T>& values);
template <class T>
requires std::is_class_v<T>
void pack_value(Packer& out, const T& message);

class FieldCounter : public PresentFields<FieldCounter> {
 public:
  template <class T>
  void put(std::string_view, const T&) {
    ++count_;
  }
  std::uint32_t count() const { return count_; }

 private:
  std::uint32_t count_ = 0;
};

class FieldPacker : public PresentFields<FieldPacker> {
 public:
  explicit FieldPacker(Packer& out) : out_(out) {}
  template <class T>
  void put(std::string_view key, const T& value) {
    pack_key(out_, key);
    pack_value(out_, value);
  }

 private:
  Packer& out_;
};

template <class T>
void pack_value(Packer& out, const std::vector<T>& values) {
  out.pack_array(static_cast<std::uint32_t>(values.size()));
  for (const T& value : values) pack_value(out, value);
}

/// `n_more` keys are about to be packed by the caller after these.
template <class T>
void pack_map(Packer& out, const T& message, std::uint32_t n_more = 0) {
  FieldCounter counter;
  visit_fields(counter, message);
  out.pack_map(counter.count() + n_more);
  FieldPacker fields(out);
  visit_fields(fields, message);
}

template <class T>
requires std::is_class_v<T>
void pack_value(Packer& out, const T& message) {
  pack_map(out, message);
}

}  // namespace understory::protocol
