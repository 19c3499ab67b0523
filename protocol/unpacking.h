// Private to codec.cpp: msgpack objects to message structs, checking types and ranges.
#pragma once

#include <cmath>
#include <limits>
#include <msgpack.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/fields.h"

namespace understory::protocol {

using Object = msgpack::object;

inline std::optional<std::string_view> as_text(const Object& o) {
  if (o.type == msgpack::type::STR) return std::string_view(o.via.str.ptr, o.via.str.size);
  if (o.type == msgpack::type::BIN) return std::string_view(o.via.bin.ptr, o.via.bin.size);
  return std::nullopt;
}

/// An empty array counts as an empty map: Lua cannot tell them apart.
inline bool is_map(const Object& o) {
  return o.type == msgpack::type::MAP || (o.type == msgpack::type::ARRAY && o.via.array.size == 0);
}

/// Each read_value() returns what the value must be where it is not, else an empty view.
inline std::string_view read_value(const Object& o, std::string& out) {
  const std::optional<std::string_view> text = as_text(o);
  if (!text) return "a text (str or bin)";
  out = *text;
  return {};
}

inline std::string_view read_value(const Object& o, bool& out) {
  if (o.type != msgpack::type::BOOLEAN) return "true or false";
  out = o.via.boolean;
  return {};
}

/// Whole floats pass: some clients have no other numbers.
template <class UInt>
bool read_unsigned(const Object& o, UInt& out) {
  constexpr auto kMax = std::numeric_limits<UInt>::max();
  if (o.type == msgpack::type::POSITIVE_INTEGER && o.via.u64 <= kMax) {
    out = static_cast<UInt>(o.via.u64);
    return true;
  }
  const bool is_float = o.type == msgpack::type::FLOAT32 || o.type == msgpack::type::FLOAT64;
  if (is_float && o.via.f64 >= 0 &&
      o.via.f64 < std::ldexp(1.0, std::numeric_limits<UInt>::digits) &&
      o.via.f64 == std::floor(o.via.f64)) {
    out = static_cast<UInt>(o.via.f64);
    return true;
  }
  return false;
}

inline std::string_view read_value(const Object& o, std::uint32_t& out) {
  return read_unsigned(o, out) ? "" : "a whole number from 0 to 4294967295";
}
inline std::string_view read_value(const Object& o, std::uint64_t& out) {
  return read_unsigned(o, out) ? "" : "a whole number from 0 to 18446744073709551615";
}

inline std::string_view read_value(const Object& o, double& out) {
  switch (o.type) {
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      out = o.via.f64;
      return {};
    case msgpack::type::POSITIVE_INTEGER:
      out = static_cast<double>(o.via.u64);
      return {};
    case msgpack::type::NEGATIVE_INTEGER:
      out = static_cast<double>(o.via.i64);
      return {};
    default:
      return "a number";
  }
}
inline std::string_view read_value(const Object& o, float& out) {
  double wide = 0;
  const std::string_view expected = read_value(o, wide);
  if (!expected.empty()) return expected;
  constexpr double kMax = std::numeric_limits<float>::max();
  if (std::isfinite(wide) && std::abs(wide) > kMax) return "a number that a 32-bit float holds";
  out = static_cast<float>(wide);
  return {};
}

template <class T>
std::string_view read_value(const Object& o, std::optional<T>& out);
template <class T>
std::string_view read_value(const Object& o, std::vector<T>& out);
template <class T>
requires std::is_class_v<T> std::string_view read_value(const Object& o, T& message);

// Visitor of visit_fields(): looks each key up, keeps the default where it is missing or nil,
// and remembers the first thing that is wrong.
class FieldReader {
 public:
  explicit FieldReader(const Object& map) : map_(map) {}

  template <class T>
  void operator()(std::string_view key, T& value) {
    read(key, value, false);
  }
  template <class T>
  void unless_empty(std::string_view key, T& value) {
    read(key, value, false);
  }
  template <class T>
  void required(std::string_view key, T& value) {
    read(key, value, true);
  }
  const std::string& problem() const { return problem_; }

 private:
  const Object* find(std::string_view key) const {
    if (map_.type != msgpack::type::MAP) return nullptr;
    for (std::uint32_t i = 0; i < map_.via.map.size; ++i) {
      const auto& [name, value] = map_.via.map.ptr[i];
      if (as_text(name) == key) return value.type == msgpack::type::NIL ? nullptr : &value;
    }
    return nullptr;
  }

  template <class T>
  void read(std::string_view key, T& value, bool is_required) {
    if (!problem_.empty()) return;
    const Object* o = find(key);
    if (o == nullptr) {
      if (is_required) problem_ = "'" + std::string(key) + "' is missing";
      return;
    }
    const std::string_view expected = read_value(*o, value);
    if (!expected.empty()) problem_ = "'" + std::string(key) + "' must be " + std::string(expected);
  }

  const Object& map_;
  std::string problem_;
};

template <class T>
std::string_view read_value(const Object& o, std::optional<T>& out) {
  return read_value(o, out.emplace());
}

template <class T>
std::string_view read_value(const Object& o, std::vector<T>& out) {
  if (o.type != msgpack::type::ARRAY) return "an array";
  out.reserve(o.via.array.size);
  for (std::uint32_t i = 0; i < o.via.array.size; ++i) {
    const std::string_view expected = read_value(o.via.array.ptr[i], out.emplace_back());
    if (!expected.empty()) return "an array whose every item is as PROTOCOL.md says";
  }
  return {};
}

template <class T>
requires std::is_class_v<T> std::string_view read_value(const Object& o, T& message) {
  if (!is_map(o)) return "a map";
  FieldReader fields(o);
  visit_fields(fields, message);
  return fields.problem().empty() ? "" : "a map as PROTOCOL.md says";
}

}  // namespace understory::protocol
