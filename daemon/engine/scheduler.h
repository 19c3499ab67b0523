// Decides what each step computes. Decode rows of every running branch are always in it; what
// rows are left go to prefill, the newest request first, and then to background work. Requests
// are started the newest first as well. One that has waited longer than kPatience goes before
// all newer ones, so that nobody starves.
//
// Engine thread only.
#pragma once

#include <memory>
#include <vector>

#include "daemon/engine/job.h"

namespace understory::engine {

inline constexpr std::chrono::milliseconds kPatience{1000};

class Scheduler {
 public:
  explicit Scheduler(Context& context) : context_(context) {}

  /// Moves the jobs that can start now out of `waiting`: as many as the model's sequences and
  /// the KV cache hold. They begin at the next step.
  void admit(std::vector<std::unique_ptr<Job>>& waiting);

  /// One step of the running jobs; returns those that ended, closed but not answered. Jobs
  /// whose ticket is cancelled end before the step.
  std::vector<std::unique_ptr<Job>> step();

  bool idle() const { return running_.empty(); }
  std::uint32_t n_running() const { return static_cast<std::uint32_t>(running_.size()); }

 private:
  bool fits(const Need& need);
  void start_new();
  void cancel_marked();
  void compute();
  void compute(std::vector<Job*>& jobs, Step& step);
  std::uint32_t rows_for(const Job& job, const Step& step) const;
  std::vector<std::unique_ptr<Job>> take_ended();

  Context& context_;
  std::vector<std::unique_ptr<Job>> running_;
  std::vector<Job*> to_start_;
  std::uint32_t n_sequences_ = 0;
};

}  // namespace understory::engine
