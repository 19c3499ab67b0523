// Flattens (above 1) or sharpens (below 1) a distribution.
#pragma once

#include "daemon/engine/samplers/distribution.h"

namespace understory::engine {

/// probability^(1/value), renormalised. 0 keeps the likeliest token alone. False where the list
/// is partial and the value neither 0 nor 1: what is unseen would weigh differently.
struct Temperature {
  float value = 1;
  bool apply(Distribution& distribution) const;
};

}  // namespace understory::engine
