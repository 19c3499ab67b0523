#include "daemon/engine/samplers/mirostat.h"

#include <algorithm>
#include <cmath>

namespace understory::engine {

bool Mirostat::apply(Distribution& distribution, double mu) const {
  if (!distribution.normalised) return false;
  const auto& tokens = distribution.tokens;
  const double bound = std::exp2(-mu);
  const auto end = std::partition_point(tokens.begin(), tokens.end(),
                                        [&](const Weighted& w) { return w.probability >= bound; });
  if (end == tokens.end()) return distribution.complete;
  distribution.keep_head(
      static_cast<std::size_t>(std::max<std::ptrdiff_t>(1, end - tokens.begin())));
  return true;
}

}  // namespace understory::engine
