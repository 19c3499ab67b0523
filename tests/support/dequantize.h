// Scalar references for the GGUF block formats, and random blocks to test with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/dtype.h"

namespace understory::test {

/// Every DType, for tests that go through them all.
std::span<const kernels::DType> all_dtypes();

/// Decodes whole blocks; `data` holds row_bytes(type, out.size()) bytes.
void dequantize(kernels::DType type, std::span<const std::byte> data, std::span<float> out);

/// Blocks of the type [rows, cols] with random bits and sane scales: weights lie within about
/// [-1, 1]. The same seed gives the same bytes. cols must be a multiple of the block length.
std::vector<std::byte> random_weights(kernels::DType type, std::uint32_t rows, std::uint32_t cols,
                                      std::uint32_t seed);

/// Floats in [low, high), the same for the same seed.
std::vector<float> random_floats(std::size_t n, std::uint32_t seed, float low = -1.0f,
                                 float high = 1.0f);

}  // namespace understory::test
