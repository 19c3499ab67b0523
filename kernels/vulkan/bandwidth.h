// How fast the device's kernels read memory.
#pragma once

#include "kernels/vulkan/buffers.h"
#include "kernels/vulkan/pipelines.h"

namespace understory::kernels::vulkan {

/// GB/s of a kernel that only reads. Throws vk::SystemError.
double measure_read_gb_s(const Device& device, BufferFactory& buffers, Pipelines& pipelines);

}  // namespace understory::kernels::vulkan
