#include "daemon/gguf/value_reader.h"

#include <cstring>

#include "daemon/gguf/errors.h"

namespace understory::gguf {
namespace {

constexpr std::size_t kMaxStringBytes = std::size_t{16} << 20;
// Far above any vocabulary; keeps a small file from asking for a large multiple of its size.
constexpr std::uint64_t kMaxArrayLength = std::uint64_t{1} << 24;

enum class ValueType : std::uint32_t {
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12,
};

/// The smallest encoded size of an array element; 0 where arrays of the type are refused.
std::size_t element_bytes(ValueType type) {
  switch (type) {
    case ValueType::kU8:
    case ValueType::kI8:
    case ValueType::kBool:
      return 1;
    case ValueType::kU16:
    case ValueType::kI16:
      return 2;
    case ValueType::kU32:
    case ValueType::kI32:
    case ValueType::kF32:
      return 4;
    case ValueType::kU64:
    case ValueType::kI64:
    case ValueType::kF64:
    case ValueType::kString:
      return 8;
    case ValueType::kArray:
      return 0;
  }
  return 0;
}

/// The caller has checked that the elements are there.
template <class Stored, class Kept>
Array read_numbers(ByteReader& reader, std::size_t n) {
  std::vector<Kept> out(n);
  const std::byte* from = reader.take(n * sizeof(Stored));
  for (std::size_t i = 0; i < n; ++i) {
    Stored value;
    std::memcpy(&value, from + i * sizeof(Stored), sizeof(Stored));
    out[i] = static_cast<Kept>(value);
  }
  return out;
}

Array read_strings(ByteReader& reader, std::size_t n) {
  std::vector<std::string> out;
  out.reserve(n);
  for (std::size_t i = 0; i < n && reader.ok(); ++i) {
    out.emplace_back(reader.read_string(kMaxStringBytes));
  }
  return out;
}

Array read_bools(ByteReader& reader, std::size_t n) {
  std::vector<bool> out(n);
  const std::byte* from = reader.take(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = from[i] != std::byte{0};
  return out;
}

Result<Value> read_scalar(ByteReader& reader, ValueType type, const std::string& what) {
  Value out;
  switch (type) {
    case ValueType::kU8:
      out = std::uint64_t{reader.read<std::uint8_t>()};
      break;
    case ValueType::kU16:
      out = std::uint64_t{reader.read<std::uint16_t>()};
      break;
    case ValueType::kU32:
      out = std::uint64_t{reader.read<std::uint32_t>()};
      break;
    case ValueType::kU64:
      out = reader.read<std::uint64_t>();
      break;
    case ValueType::kI8:
      out = std::int64_t{reader.read<std::int8_t>()};
      break;
    case ValueType::kI16:
      out = std::int64_t{reader.read<std::int16_t>()};
      break;
    case ValueType::kI32:
      out = std::int64_t{reader.read<std::int32_t>()};
      break;
    case ValueType::kI64:
      out = reader.read<std::int64_t>();
      break;
    case ValueType::kF32:
      out = double{reader.read<float>()};
      break;
    case ValueType::kF64:
      out = reader.read<double>();
      break;
    case ValueType::kBool:
      out = reader.read<std::uint8_t>() != 0;
      break;
    case ValueType::kString:
      out = std::string(reader.read_string(kMaxStringBytes));
      break;
    default:
      if (!reader.ok()) break;
      return bad(what + " has unknown type " + std::to_string(static_cast<std::uint32_t>(type)));
  }
  if (!reader.ok()) return ends_inside(reader, what);
  return out;
}

Result<Value> read_array(ByteReader& reader, const std::string& what) {
  const auto type = static_cast<ValueType>(reader.read<std::uint32_t>());
  const auto n = reader.read<std::uint64_t>();
  if (!reader.ok()) return ends_inside(reader, what);
  if (type == ValueType::kArray) return bad(what + " is an array of arrays");
  const std::size_t least_bytes = element_bytes(type);
  if (least_bytes == 0) {
    return bad(what + " is an array of unknown type " +
               std::to_string(static_cast<std::uint32_t>(type)));
  }
  if (n > kMaxArrayLength) {
    return bad(what + " claims " + std::to_string(n) + " elements; at most " +
               std::to_string(kMaxArrayLength) + " are accepted");
  }
  if (n > reader.remaining() / least_bytes) return ends_inside(reader, what);

  Array out;
  switch (type) {
    case ValueType::kU8:
      out = read_numbers<std::uint8_t, std::uint64_t>(reader, n);
      break;
    case ValueType::kU16:
      out = read_numbers<std::uint16_t, std::uint64_t>(reader, n);
      break;
    case ValueType::kU32:
      out = read_numbers<std::uint32_t, std::uint64_t>(reader, n);
      break;
    case ValueType::kU64:
      out = read_numbers<std::uint64_t, std::uint64_t>(reader, n);
      break;
    case ValueType::kI8:
      out = read_numbers<std::int8_t, std::int64_t>(reader, n);
      break;
    case ValueType::kI16:
      out = read_numbers<std::int16_t, std::int64_t>(reader, n);
      break;
    case ValueType::kI32:
      out = read_numbers<std::int32_t, std::int64_t>(reader, n);
      break;
    case ValueType::kI64:
      out = read_numbers<std::int64_t, std::int64_t>(reader, n);
      break;
    case ValueType::kF32:
      out = read_numbers<float, double>(reader, n);
      break;
    case ValueType::kF64:
      out = read_numbers<double, double>(reader, n);
      break;
    case ValueType::kBool:
      out = read_bools(reader, n);
      break;
    case ValueType::kString:
      out = read_strings(reader, n);
      break;
    case ValueType::kArray:
      break;  // refused above
  }
  if (!reader.ok()) return ends_inside(reader, what);
  return Value(std::move(out));
}

}  // namespace

Result<Value> read_value(ByteReader& reader, const std::string& what) {
  const auto type = static_cast<ValueType>(reader.read<std::uint32_t>());
  if (type == ValueType::kArray) return read_array(reader, what);
  return read_scalar(reader, type, what);
}

}  // namespace understory::gguf
