// Listeners that collect what they are told and let a test wait for the end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

#include "daemon/engine/engine.h"

namespace understory::engine::testing {

template <class T>
class Outcome {
 public:
  void set(Result<T> result) { promise_.set_value(std::move(result)); }
  /// Throws where nothing comes in a minute.
  Result<T> wait() {
    if (future_.wait_for(std::chrono::minutes(1)) != std::future_status::ready)
      throw std::runtime_error("no answer in a minute");
    return future_.get();
  }
  bool ready() { return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }

 private:
  std::promise<Result<T>> promise_;
  std::future<Result<T>> future_ = promise_.get_future();
};

class Collector : public CompletionListener {
 public:
  void on_chunk(const Chunk& chunk) override {
    std::lock_guard lock(mutex_);
    texts_[chunk.branch] += chunk.text;
    chunks_.push_back(chunk);
  }
  void on_finish(Result<CompletionResult> result) override { outcome_.set(std::move(result)); }

  Result<CompletionResult> wait() { return outcome_.wait(); }
  bool finished() { return outcome_.ready(); }
  std::string text(std::uint32_t branch) {
    std::lock_guard lock(mutex_);
    return texts_[branch];
  }
  std::vector<Chunk> chunks() {
    std::lock_guard lock(mutex_);
    return chunks_;
  }

 private:
  std::mutex mutex_;
  std::map<std::uint32_t, std::string> texts_;
  std::vector<Chunk> chunks_;
  Outcome<CompletionResult> outcome_;
};

class ScoreCollector : public ScoreListener {
 public:
  void on_finish(Result<ScoreResult> result) override { outcome_.set(std::move(result)); }
  Result<ScoreResult> wait() { return outcome_.wait(); }

 private:
  Outcome<ScoreResult> outcome_;
};

class RankCollector : public RankListener {
 public:
  void on_finish(Result<RankResult> result) override { outcome_.set(std::move(result)); }
  Result<RankResult> wait() { return outcome_.wait(); }

 private:
  Outcome<RankResult> outcome_;
};

/// A door that holds the engine's thread inside forward() until it is opened.
class Gate {
 public:
  void close() {
    std::lock_guard lock(mutex_);
    open_ = false;
  }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  /// Called by the engine's thread.
  void pass() {
    std::unique_lock lock(mutex_);
    ++n_arrived_;
    ++n_held_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_ || n_passes_ > 0; });
    if (!open_) --n_passes_;
    --n_held_;
  }
  /// Lets the engine's thread through once.
  void step() {
    std::lock_guard lock(mutex_);
    ++n_passes_;
    changed_.notify_all();
  }
  /// Waits until the engine's thread stands before the closed door.
  void wait_held() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::minutes(1), [&] { return n_held_ > 0 && !open_; }))
      throw std::runtime_error("the engine did not stop at the gate in a minute");
  }
  /// Waits until the engine's thread has come n times in all.
  void wait_arrived(std::uint64_t n) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::minutes(1), [&] { return n_arrived_ >= n; }))
      throw std::runtime_error("the engine did not come to the gate in a minute");
  }
  std::uint64_t n_arrived() {
    std::lock_guard lock(mutex_);
    return n_arrived_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  std::uint64_t n_passes_ = 0;
  std::uint64_t n_arrived_ = 0;
  int n_held_ = 0;
};

/// Notes how many steps had begun when it ended.
struct TimedCollector : Collector {
  explicit TimedCollector(Gate& g) : gate(g) {}
  void on_finish(Result<CompletionResult> result) override {
    n_steps = gate.n_arrived();
    Collector::on_finish(std::move(result));
  }
  Gate& gate;
  std::uint64_t n_steps = 0;
};

}  // namespace understory::engine::testing
