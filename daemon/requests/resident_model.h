// The model that the daemon keeps: loading, ready, failed or stopping, and the engine once it
// is ready. Loads on a thread of its own.
//
// All methods may be called from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "daemon/engine/engine.h"
#include "daemon/tokenizer/tokenizer.h"
#include "protocol/messages.h"

namespace understory::requests {

enum class ModelState { kLoading, kReady, kFailed, kStopping };
/// "loading", "ready", "failed", "stopping".
std::string_view to_string(ModelState state);

struct LoadedModel {
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer;
  std::shared_ptr<engine::Engine> engine;
  protocol::ModelSummary model;
  protocol::DeviceSummary device;
  std::uint64_t device_bytes = 0;
  std::uint64_t kv_cache_bytes = 0;
};

/// Runs on the loading thread. Calls `progress` with a fraction now and then; that throws
/// ErrorException (kCancelled) where the daemon is to stop.
using Loader = std::function<Result<LoadedModel>(const std::function<void(float)>& progress)>;

class ResidentModel {
 public:
  struct Snapshot {
    ModelState state = ModelState::kLoading;
    float progress = 0;
    double load_ms = 0;
    std::optional<Error> error;                 // with kFailed
    std::shared_ptr<const LoadedModel> loaded;  // from kReady on
  };

  /// Called after each change, on the loading thread.
  using OnChange = std::function<void(const Snapshot&)>;

  ResidentModel() = default;
  ~ResidentModel() { stop(); }
  ResidentModel(const ResidentModel&) = delete;
  ResidentModel& operator=(const ResidentModel&) = delete;

  /// Once.
  void start(Loader loader, OnChange on_change);

  Snapshot snapshot() const;

  /// The model to work with; kLoading, kUnavailable (stopping), or why loading failed.
  Result<std::shared_ptr<const LoadedModel>> get() const;

  /// From now on get() says kUnavailable.
  void begin_stop();
  /// Ends loading (at its next progress report) and the engine, which answers every request.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  void load(const Loader& loader);
  void report(float progress);
  void finish(Result<LoadedModel> result);

  mutable std::mutex mutex_;
  Snapshot now_;
  Clock::time_point load_began_ = Clock::now();
  OnChange on_change_;
  std::thread thread_;
};

}  // namespace understory::requests
