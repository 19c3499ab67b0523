// A completion: one prefill of the prompt, then n branches that fork from it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "daemon/engine/branch_group.h"
#include "daemon/engine/job.h"
#include "daemon/engine/prompt.h"

namespace understory::engine {

class CompletionJob : public Job {
 public:
  /// Plans the prompt (tokenizes it) on the calling thread. params must be valid.
  static std::unique_ptr<CompletionJob> make(std::shared_ptr<Ticket> ticket,
                                             CompletionParams params,
                                             std::shared_ptr<CompletionListener> listener,
                                             const Context& context);

  bool is_background() const override { return false; }
  bool is_decoding() const override { return branches_.has_value(); }
  void start(Context& context) override;
  Status add_rows(Step& step, std::uint32_t max_rows) override;
  void take_results() override;
  bool done() const override { return ended_; }
  void cancel() override;
  void fail(Error error) override;
  void close(Context& context) override;
  void answer() override;

 private:
  CompletionJob(std::shared_ptr<Ticket> ticket, Need need, CompletionParams params, Prompt prompt,
                std::shared_ptr<CompletionListener> listener, const Context& context);

  void begin_branches();
  void note_first_token();
  std::uint64_t n_draws() const;
  void end_where_finished();
  void end_all(FinishReason reason);
  void release(bool share);

  CompletionParams params_;
  Prompt prompt_;
  std::shared_ptr<CompletionListener> listener_;
  Context* context_ = nullptr;  // from start() on
  Sampler sampler_;
  std::optional<PhraseTrie> bans_;
  BranchRules rules_;

  std::optional<Sequence> prompt_sequence_;  // until the branches begin
  std::optional<BranchGroup> branches_;
  Step::Added added_;  // of the prompt, in the current step

  std::vector<Branch> results_;
  std::optional<Error> error_;
  bool ended_ = false;
  bool cancelled_ = false;
  FinishReason untouched_reason_ = FinishReason::kCancelled;  // of branches that never began

  Timings timings_;
  Clock::time_point started_at_;
  std::optional<Clock::time_point> first_token_at_;
};

}  // namespace understory::engine
