// Vulkan-Hpp's RAII wrappers, which load libvulkan when used. Precompiled for this folder.
#pragma once

#include <vulkan/vulkan_raii.hpp>
