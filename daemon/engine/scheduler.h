// Decides what each step computes. Decode rows of every running branch are always in it; beside
// them a chunk of prefill (prefill_pace.h), the newest request first, and then background work.
//
// Who starts next: clients with the fewest running requests, and of their requests the newest
// first, since it is what a writer looks at now. A client that has waited longer than `patience`
// to see something goes before those that came later, also if it typed on meanwhile
// (Ticket::waiting_since), so that under overload everybody gets a turn. While others wait no
// client gets more than half of the sequences or of the cache, unless by a single request.
//
// Engine thread only.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "daemon/engine/job.h"
#include "daemon/engine/prefill_pace.h"

namespace understory::engine {

class Scheduler {
 public:
  Scheduler(Context& context, std::chrono::milliseconds patience)
      : context_(context), patience_(patience), pace_(context.model.max_rows()) {}

  /// Ends the running jobs that were cancelled or whose time is over; returns them, closed but
  /// not answered.
  std::vector<std::unique_ptr<Job>> end_cancelled();

  /// Moves the jobs that can start now out of `waiting`: as many as the model's sequences and
  /// the KV cache hold. They begin at the next step.
  void admit(std::vector<std::unique_ptr<Job>>& waiting);

  /// One step of the running jobs; returns those that ended, closed but not answered.
  std::vector<std::unique_ptr<Job>> step();

  bool idle() const { return running_.empty(); }
  std::uint32_t n_running() const { return static_cast<std::uint32_t>(running_.size()); }

 private:
  /// What a client's running completions use.
  struct Share {
    std::uint32_t n_jobs = 0;
    std::uint32_t n_sequences = 0;
    std::uint32_t n_blocks = 0;
    void add(const Need& need);
  };
  using Shares = std::unordered_map<ClientId, Share>;

  Shares shares_of_running() const;
  bool exceeds_share(const Need& need, const Share& share) const;
  bool fits(const Need& need);
  void start_new();
  void compute();
  void compute(std::vector<Job*>& jobs, Step& step);
  std::uint32_t rows_for(const Job& job, const Step& step, std::uint32_t prefill_left) const;
  std::vector<std::unique_ptr<Job>> take_ended();

  Context& context_;
  std::chrono::milliseconds patience_;
  PrefillPace pace_;
  std::vector<std::unique_ptr<Job>> running_;
  std::vector<Job*> to_start_;
  std::uint32_t n_sequences_ = 0;
};

}  // namespace understory::engine
