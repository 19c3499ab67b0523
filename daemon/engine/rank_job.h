// Ranks given candidates for the place between a prefix and a suffix: which of them the suffix
// follows best (bridge.h). In the background of completions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/engine/background_job.h"
#include "daemon/engine/bridge.h"

namespace understory::engine {

class RankJob : public BackgroundJob<RankListener, RankResult> {
 public:
  /// Tokenizes on the calling thread. params must be valid.
  static std::unique_ptr<RankJob> make(std::shared_ptr<Ticket> ticket, const RankParams& params,
                                       std::shared_ptr<RankListener> listener,
                                       const Context& context);

  void start(Context& context) override;
  Status add_rows(Step& step, std::uint32_t max_rows) override;
  void take_results() override;
  bool done() const override { return error_ || (runs_ && runs_->done()); }
  void close(Context& context) override;

 private:
  RankJob(std::shared_ptr<Ticket> ticket, Need need, std::shared_ptr<RankListener> listener)
      : BackgroundJob("ranking", std::move(ticket), need, std::move(listener)) {}

  void begin_runs();

  Context* context_ = nullptr;
  std::vector<tokenizer::TokenId> prompt_tokens_;
  std::vector<std::optional<BridgePlan>> plans_;

  std::optional<Sequence> prompt_;  // computed first, once for all candidates
  std::optional<BridgeRuns> runs_;
  std::uint32_t n_prompt_ = 0;
  std::uint32_t n_cached_ = 0;
};

}  // namespace understory::engine
