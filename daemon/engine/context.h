// What every job on the engine thread shares.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>

#include "daemon/engine/healing.h"
#include "daemon/engine/kv_store.h"
#include "daemon/engine/metrics.h"
#include "daemon/engine/suggestions.h"
#include "daemon/model/model.h"
#include "daemon/tokenizer/tokenizer.h"

namespace understory::engine {

using Clock = std::chrono::steady_clock;

inline double ms_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

/// Branches that can be in one step together.
std::uint32_t max_branches(const model::Model& model);

struct Context {
  Context(model::Model& m, const tokenizer::Tokenizer& t)
      : model(m), tokenizer(t), healing(t), kv(m.n_cache_blocks()) {}

  /// Positions that a sequence may have.
  std::uint32_t max_positions() const {
    return std::min(model.context(), model.n_cache_blocks() * model::kBlockSize);
  }

  model::Model& model;
  const tokenizer::Tokenizer& tokenizer;
  Healing healing;
  KvStore kv;               // engine thread
  Suggestions suggestions;  // engine thread
  Metrics metrics;
};

}  // namespace understory::engine
