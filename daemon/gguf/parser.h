// Turns the bytes of a GGUF file into metadata and tensor places, trusting none of them.
// The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "daemon/gguf/gguf.h"

namespace understory::gguf {

struct Parsed {
  std::uint32_t version = 0;
  Metadata metadata;
  std::vector<TensorInfo> tensors;
};

/// Tensor data are views into `bytes`. Errors: kBadModel, kUnsupported.
Result<Parsed> parse_bytes(std::span<const std::byte> bytes);

}  // namespace understory::gguf
