// A request on its way through the engine thread: waits, is admitted, adds rows to steps, reads
// their results, ends, answers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/engine/context.h"
#include "daemon/engine/step.h"

namespace understory::engine {

/// A request's identity, shared with the threads that may cancel it.
struct Ticket {
  RequestId id = 0;
  ClientId client = 0;
  std::string document;
  Clock::time_point submitted;
  /// Since when the client has waited to see something in this document: the submission, or
  /// that of an older request which this one superseded before it came to show anything.
  Clock::time_point waiting_since;
  std::optional<Clock::time_point> deadline;
  std::atomic<bool> cancelled{false};
  std::atomic<bool> served{false};  // has shown some text

  bool is_over() const { return deadline && Clock::now() >= *deadline; }
};

/// What a job may use at most while it runs.
struct Need {
  std::uint32_t n_sequences = 1;
  std::uint32_t n_blocks = 0;
};

/// Made on the submitting thread, used by the engine thread from then on. start(), add_rows()
/// and take_results() may throw: the scheduler fails the job then.
class Job {
 public:
  Job(std::shared_ptr<Ticket> ticket, Need need) : ticket_(std::move(ticket)), need_(need) {}
  virtual ~Job() = default;

  const Ticket& ticket() const { return *ticket_; }
  const Need& need() const { return need_; }

  /// Runs on what interactive requests leave.
  virtual bool is_background() const = 0;
  /// Has one row for each of its sequences in the next step.
  virtual bool is_decoding() const = 0;

  virtual void start(Context& context) = 0;
  virtual Status add_rows(Step& step, std::uint32_t max_rows) = 0;
  /// After a step that ran with rows of this job.
  virtual void take_results() = 0;
  virtual bool done() const = 0;

  /// Ends early; what was made so far is kept. Also before start().
  virtual void cancel() = 0;
  virtual void fail(Error error) = 0;
  /// Gives back what it holds of the KV cache and counts itself in the metrics.
  virtual void close(Context& context) = 0;
  /// Calls the listener; once, after close().
  virtual void answer() = 0;

 protected:
  void mark_served() { ticket_->served = true; }

 private:
  std::shared_ptr<Ticket> ticket_;
  Need need_;
};

}  // namespace understory::engine
