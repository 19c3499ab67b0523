#include "kernels/dtype.h"

#include <array>
#include <cassert>

namespace understory::kernels {
namespace {

constexpr DTypeTraits kF32Traits{"F32", 1, 4};
constexpr DTypeTraits kF16Traits{"F16", 1, 2};
constexpr DTypeTraits kBF16Traits{"BF16", 1, 2};
constexpr DTypeTraits kQ4_0Traits{"Q4_0", 32, 18};
constexpr DTypeTraits kQ4_1Traits{"Q4_1", 32, 20};
constexpr DTypeTraits kQ5_0Traits{"Q5_0", 32, 22};
constexpr DTypeTraits kQ5_1Traits{"Q5_1", 32, 24};
constexpr DTypeTraits kQ8_0Traits{"Q8_0", 32, 34};
constexpr DTypeTraits kQ4_KTraits{"Q4_K", 256, 144};
constexpr DTypeTraits kQ5_KTraits{"Q5_K", 256, 176};
constexpr DTypeTraits kQ6_KTraits{"Q6_K", 256, 210};

// Indexed by ggml type number; empty where the number was never used or has been withdrawn.
constexpr std::array<std::string_view, 40> kGgmlNames{
    "F32",     "F16",    "Q4_0",    "Q4_1",  "",       "",      "Q5_0",  "Q5_1",
    "Q8_0",    "Q8_1",   "Q2_K",    "Q3_K",  "Q4_K",   "Q5_K",  "Q6_K",  "Q8_K",
    "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS",
    "I8",      "I16",    "I32",     "I64",   "F64",    "IQ1_M", "BF16",  "",
    "",        "",       "TQ1_0",   "TQ2_0", "",       "",      "",      "MXFP4"};

}  // namespace

bool is_supported(std::uint32_t ggml_type) {
  switch (static_cast<DType>(ggml_type)) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
    case DType::kQ4_0:
    case DType::kQ4_1:
    case DType::kQ5_0:
    case DType::kQ5_1:
    case DType::kQ8_0:
    case DType::kQ4_K:
    case DType::kQ5_K:
    case DType::kQ6_K:
      return true;
  }
  return false;
}

const DTypeTraits& traits(DType type) {
  switch (type) {
    case DType::kF32:
      return kF32Traits;
    case DType::kF16:
      return kF16Traits;
    case DType::kBF16:
      return kBF16Traits;
    case DType::kQ4_0:
      return kQ4_0Traits;
    case DType::kQ4_1:
      return kQ4_1Traits;
    case DType::kQ5_0:
      return kQ5_0Traits;
    case DType::kQ5_1:
      return kQ5_1Traits;
    case DType::kQ8_0:
      return kQ8_0Traits;
    case DType::kQ4_K:
      return kQ4_KTraits;
    case DType::kQ5_K:
      return kQ5_KTraits;
    case DType::kQ6_K:
      return kQ6_KTraits;
  }
  assert(!"DType out of range");
  return kF32Traits;
}

std::string_view ggml_type_name(std::uint32_t ggml_type) {
  return ggml_type < kGgmlNames.size() ? kGgmlNames[ggml_type] : std::string_view{};
}

}  // namespace understory::kernels
