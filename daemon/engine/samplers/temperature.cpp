#include "daemon/engine/samplers/temperature.h"

#include <cmath>

namespace understory::engine {

bool Temperature::apply(Distribution& distribution) const {
  if (value == 1) return true;
  if (distribution.tokens.empty()) return distribution.complete;
  if (value == 0) {
    distribution.keep_head(1);
    return true;
  }
  if (!distribution.complete) return false;
  const double highest = distribution.tokens[0].probability;
  for (Weighted& w : distribution.tokens)
    w.probability = std::pow(w.probability / highest, 1.0 / value);
  distribution.renormalise();
  return true;
}

}  // namespace understory::engine
