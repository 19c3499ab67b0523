// Shaders that are compiled once per weight type.
#pragma once

#include <string>
#include <string_view>

#include "kernels/dtype.h"

namespace understory::kernels::vulkan {

/// "matmul_blocks" and Q8_0 give "matmul_blocks_q8_0".
std::string weight_shader(std::string_view name, DType type);

}  // namespace understory::kernels::vulkan
