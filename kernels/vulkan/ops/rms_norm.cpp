#include <algorithm>
#include <cassert>

#include "kernels/vulkan/recorder.h"

namespace understory::kernels::vulkan {
namespace {

struct Push {
  std::uint32_t size;
  float eps;
};
static_assert(sizeof(Push) == 8);

constexpr std::uint32_t kMaxWorkgroupSize = 256;

}  // namespace

void Recorder::rms_norm(const Tensor& in, const Vector& weight, const Tensor& out,
                        std::uint32_t n_rows, float eps, bool accumulate) {
  assert(weight.size != 0 && in.cols % weight.size == 0 && in.cols == out.cols);
  assert(n_rows <= in.max_rows && n_rows <= out.max_rows);
  const std::uint32_t lanes_wanted = (weight.size + 3) / 4;
  const std::uint32_t wanted = (lanes_wanted + subgroup_size() - 1) / subgroup_size();
  const std::uint32_t most = uses_lanes() ? 1 : std::max(kMaxWorkgroupSize / subgroup_size(), 1u);
  const std::uint32_t n_subgroups = std::min(wanted, most);
  const bool aligned = weight.size % 4 == 0;
  dispatch("rms_norm", {n_subgroups * subgroup_size(), n_subgroups, aligned, accumulate},
           {reads_texels(in), reads_texels(weight), accumulate ? updates(out) : writes(out)},
           Push{weight.size, eps}, {in.cols / weight.size, n_rows});
}

}  // namespace understory::kernels::vulkan
