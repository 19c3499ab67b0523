// Element types of stored weights: the GGUF tensor types that the kernels can read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace understory::kernels {

/// Values are the GGUF (ggml) type numbers.
enum class DType : std::uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kBF16 = 30,
};

struct DTypeTraits {
  std::string_view name;    // as GGUF tools print it: "Q4_K"
  std::uint32_t block_len;  // weights in a block; rows are whole blocks
  std::uint32_t block_bytes;
};

/// True for the types above.
bool is_supported(std::uint32_t ggml_type);

/// Traits of a supported type.
const DTypeTraits& traits(DType type);

/// Any ggml type's name, for error messages ("IQ2_XS"); "type 99" style where unknown is the
/// caller's job: returns an empty view then.
std::string_view ggml_type_name(std::uint32_t ggml_type);

/// Bytes of one row of `cols` weights; cols must be a multiple of block_len.
inline std::size_t row_bytes(DType type, std::size_t cols) {
  const DTypeTraits& t = traits(type);
  return cols / t.block_len * t.block_bytes;
}

}  // namespace understory::kernels
