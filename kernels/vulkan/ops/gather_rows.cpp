#include <cassert>

#include "kernels/vulkan/recorder.h"

namespace understory::kernels::vulkan {
namespace {

struct Push {
  std::uint32_t cols;
  std::uint32_t n_in_rows;
};
static_assert(sizeof(Push) == 8);

constexpr std::uint32_t kWorkgroupSize = 128;

}  // namespace

void Recorder::gather_rows(const Tensor& in, const Indices& rows, const Tensor& out,
                           std::uint32_t n_rows) {
  assert(in.cols == out.cols && n_rows <= out.max_rows && n_rows <= rows.size);
  const std::uint32_t workgroup_size = uses_lanes() ? subgroup_size() : kWorkgroupSize;
  dispatch("gather_rows", {workgroup_size, in.cols % 4 == 0}, {reads(in), reads(rows), writes(out)},
           Push{in.cols, in.max_rows}, {n_rows});
}

}  // namespace understory::kernels::vulkan
