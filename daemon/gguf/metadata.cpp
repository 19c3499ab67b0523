#include <cmath>
#include <limits>
#include <utility>

#include "daemon/gguf/gguf.h"

namespace understory::gguf {
namespace {

Error does_not_fit(std::string_view key, std::string_view wanted) {
  return {ErrorCode::kBadModel,
          "metadata key '" + std::string(key) + "' is not " + std::string(wanted)};
}

Error missing(std::string_view key) {
  return {ErrorCode::kBadModel, "metadata key '" + std::string(key) + "' is missing"};
}

std::optional<std::uint32_t> to_u32(const Value& value) {
  constexpr std::uint32_t kMax = std::numeric_limits<std::uint32_t>::max();
  if (const auto* u = std::get_if<std::uint64_t>(&value)) {
    if (*u <= kMax) return static_cast<std::uint32_t>(*u);
  } else if (const auto* i = std::get_if<std::int64_t>(&value)) {
    if (*i >= 0 && *i <= std::int64_t{kMax}) return static_cast<std::uint32_t>(*i);
  }
  return std::nullopt;
}

std::optional<float> to_f32(const Value& value) {
  const auto* d = std::get_if<double>(&value);
  if (!d || !std::isfinite(static_cast<float>(*d))) return std::nullopt;
  return static_cast<float>(*d);
}

template <class T>
Result<T> require(Result<std::optional<T>> found, std::string_view key) {
  if (!found) return found.error();
  if (!*found) return missing(key);
  return T(std::move(**found));
}

}  // namespace

const Value* Metadata::find(std::string_view key) const {
  const auto it = values_.find(std::string(key));
  return it == values_.end() ? nullptr : &it->second;
}

Result<std::optional<std::uint32_t>> Metadata::get_u32(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return std::optional<std::uint32_t>();
  const auto out = to_u32(*value);
  if (!out) return does_not_fit(key, "a whole number from 0 to 4294967295");
  return out;
}

Result<std::optional<float>> Metadata::get_f32(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return std::optional<float>();
  const auto out = to_f32(*value);
  if (!out) return does_not_fit(key, "a finite floating-point number");
  return out;
}

Result<std::optional<bool>> Metadata::get_bool(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return std::optional<bool>();
  const auto* out = std::get_if<bool>(value);
  if (!out) return does_not_fit(key, "a boolean");
  return std::optional<bool>(*out);
}

Result<std::optional<std::string>> Metadata::get_string(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return std::optional<std::string>();
  const auto* out = std::get_if<std::string>(value);
  if (!out) return does_not_fit(key, "a string");
  return std::optional<std::string>(*out);
}

Result<std::uint32_t> Metadata::require_u32(std::string_view key) const {
  return require(get_u32(key), key);
}

Result<float> Metadata::require_f32(std::string_view key) const {
  return require(get_f32(key), key);
}

Result<std::string> Metadata::require_string(std::string_view key) const {
  return require(get_string(key), key);
}

namespace {

template <class T>
const std::vector<T>* find_array(const Value* value) {
  const auto* array = value ? std::get_if<Array>(value) : nullptr;
  return array ? std::get_if<std::vector<T>>(array) : nullptr;
}

}  // namespace

const std::vector<std::string>* Metadata::find_strings(std::string_view key) const {
  return find_array<std::string>(find(key));
}

std::optional<std::vector<float>> Metadata::find_floats(std::string_view key) const {
  const auto* stored = find_array<double>(find(key));
  if (!stored) return std::nullopt;
  std::vector<float> out(stored->size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>((*stored)[i]);
  return out;
}

std::optional<std::vector<std::int64_t>> Metadata::find_integers(std::string_view key) const {
  const Value* value = find(key);
  if (const auto* stored = find_array<std::int64_t>(value)) return *stored;
  const auto* stored = find_array<std::uint64_t>(value);
  if (!stored) return std::nullopt;
  std::vector<std::int64_t> out(stored->size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!std::in_range<std::int64_t>((*stored)[i])) return std::nullopt;
    out[i] = static_cast<std::int64_t>((*stored)[i]);
  }
  return out;
}

}  // namespace understory::gguf
