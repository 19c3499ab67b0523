// A completion: one prefill of the prompt, then n branches that fork from it, then, where they are
// ranked, one prefill of the suffix's first part after each. Or, where a writer types what was
// suggested, the rest of that suggestion (suggestions.h).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "daemon/engine/branch_group.h"
#include "daemon/engine/bridge.h"
#include "daemon/engine/job.h"
#include "daemon/engine/prompt.h"
#include "daemon/engine/suggestions.h"

namespace understory::engine {

class CompletionJob : public Job {
 public:
  /// Plans the prompt (tokenizes it) on the calling thread. params must be valid.
  /// kInvalidArgument as plan_prompt().
  static Result<std::unique_ptr<Job>> make(std::shared_ptr<Ticket> ticket, CompletionParams params,
                                           std::shared_ptr<CompletionListener> listener,
                                           const Context& context);

  bool is_background() const override { return false; }
  bool is_decoding() const override;
  void start(Context& context) override;
  Status add_rows(Step& step, std::uint32_t max_rows) override;
  void take_results() override;
  bool done() const override { return ended_; }
  void cancel() override;
  void fail(Error error) override;
  void close(Context& context) override;
  void answer() override;

 private:
  /// How a request may go on with its document's last suggestion and be gone on with.
  struct Continuity {
    SuggestionKey key;
    CursorPlace place;
  };

  CompletionJob(std::shared_ptr<Ticket> ticket, Need need, CompletionParams params, Prompt prompt,
                std::optional<Continuity> continuity, std::shared_ptr<CompletionListener> listener,
                const Context& context);

  /// Takes up the document's last suggestion where the prefix has typed its beginning.
  bool go_on();
  /// As much as the request was promised, and as the context holds.
  bool has_room_to_go_on(const BranchMemory& branch, std::uint32_t n_ready) const;
  /// Shares what was computed and keeps the branch for the next request of this document.
  void remember();

  void look_ahead();
  void begin_branches();
  BranchGroup::Emit emitter();
  void note_first_token();
  std::uint64_t n_draws() const;
  void end_where_finished();
  bool is_ranked() const;
  void take_branches();
  void begin_ranking();
  void end_where_ranked();
  void end_all(FinishReason reason);

  CompletionParams params_;
  Prompt prompt_;
  std::optional<Continuity> continuity_;
  std::shared_ptr<CompletionListener> listener_;
  Context* context_ = nullptr;  // from start() on
  Sampler sampler_;
  std::optional<PhraseTrie> bans_;
  BranchRules rules_;

  std::optional<Sequence> prompt_sequence_;  // until the branches begin
  std::optional<HealingPath> path_;          // between the prompt's end and that
  std::optional<BranchGroup> branches_;
  std::optional<BridgeRuns> bridges_;  // once the branches have ended, where they are ranked
  Step::Added added_;                  // of the prompt, in the current step

  std::vector<Branch> results_;  // once the branches have ended
  std::vector<std::uint32_t> order_;
  std::optional<Error> error_;
  bool ended_ = false;
  bool cancelled_ = false;
  FinishReason untouched_reason_ = FinishReason::kCancelled;  // of branches that never began

  std::uint64_t n_typed_through_ = 0;
  Timings timings_;
  Clock::time_point started_at_;
  std::optional<Clock::time_point> first_token_at_;
  std::uint64_t n_draws_before_ = 0;  // by the request whose suggestion is gone on with
  std::uint64_t n_draws_ = 0;         // once the branches have ended
};

}  // namespace understory::engine
