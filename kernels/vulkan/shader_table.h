// The SPIR-V that the build embeds: kernels/shaders/NAME.comp, or NAME_TYPE for shaders that are
// compiled once per weight type ("matmul_blocks_q8_0").
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace understory::kernels::vulkan {

/// SPIR-V words; empty where there is no such shader.
std::span<const std::uint32_t> find_shader(std::string_view name);

}  // namespace understory::kernels::vulkan
