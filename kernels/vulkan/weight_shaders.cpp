#include "kernels/vulkan/weight_shaders.h"

#include <algorithm>
#include <cctype>

namespace understory::kernels::vulkan {

std::string weight_shader(std::string_view name, DType type) {
  std::string result(name);
  result += '_';
  for (const unsigned char c : traits(type).name) result += static_cast<char>(std::tolower(c));
  return result;
}

}  // namespace understory::kernels::vulkan
