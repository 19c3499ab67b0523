#include <algorithm>
#include <cassert>

#include "kernels/vulkan/recorder.h"

namespace understory::kernels::vulkan {
namespace {

struct Push {
  std::uint32_t cols;
  std::uint32_t k;
};
static_assert(sizeof(Push) == 8);

// One workgroup works through a whole vocabulary.
constexpr std::uint32_t kMaxWorkgroupSize = 1024;
constexpr std::uint32_t kMaxSubgroups = 64;
// Mesa's CPU driver ends every loop once an invocation has gone round 65535 times in all. With
// so many invocations none does, even where every value of a 262144-token row is tied.
constexpr std::uint32_t kWorkgroupSizeOnCpuDriver = 32;

}  // namespace

void Recorder::top_k(const Tensor& in, std::uint32_t k, const Indices& ids, const Tensor& values,
                     const Tensor& logsumexp, std::uint32_t n_rows) {
  assert(k > 0 && k <= std::min(kMaxTopK, in.cols) && values.cols == k && logsumexp.cols == 1);
  assert(n_rows <= in.max_rows && n_rows <= values.max_rows && n_rows <= logsumexp.max_rows);
  assert(std::size_t{n_rows} * k <= ids.size);
  const std::uint32_t limit = device().limits().maxComputeWorkGroupInvocations;
  const std::uint32_t size =
      uses_lanes() ? kWorkgroupSizeOnCpuDriver : std::min(kMaxWorkgroupSize, limit);
  const std::uint32_t n_subgroups = std::clamp(size / subgroup_size(), 1u, kMaxSubgroups);
  dispatch("top_k", {n_subgroups * subgroup_size(), n_subgroups},
           {reads_texels(in), writes(ids), writes(values), writes(logsumexp)}, Push{in.cols, k},
           {n_rows});
}

}  // namespace understory::kernels::vulkan
