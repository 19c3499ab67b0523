// Thinks ahead while the engine is idle: the branch that was suggested last goes on, so that a
// writer who types or accepts it finds the next words ready. It begins a moment after the answer,
// so that one who types on does not pay for it, ends after a number of tokens, so that an idle
// machine comes to rest, and yields to any request at the next step.
//
// Engine thread only, between the scheduler's steps.
#pragma once

#include <memory>

#include "daemon/engine/context.h"
#include "daemon/engine/engine.h"

namespace understory::engine {

class Prefetcher {
 public:
  Prefetcher(Context& context, const EngineOptions& options);
  ~Prefetcher();

  /// Requests have been answered, and nothing else is to be done.
  void consider();

  bool has_work() const { return run_ != nullptr; }
  /// When its next step may begin.
  Clock::time_point due() const { return due_; }
  void step();

  /// Keeps what was thought of and gives back what it holds of the KV cache. To be called before
  /// anything else happens on the engine thread.
  void stop();

 private:
  struct Run;
  void advance();

  Context& context_;
  const std::uint32_t max_tokens_;
  const std::chrono::milliseconds pause_;
  std::unique_ptr<Run> run_;
  Clock::time_point due_;
};

}  // namespace understory::engine
