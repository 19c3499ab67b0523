#include "daemon/engine/rank_job.h"

#include <algorithm>

namespace understory::engine {
namespace {

/// The prompt's blocks once, and what each candidate has of its own.
Need need_of(const std::vector<std::optional<BridgePlan>>& plans, std::size_t n_prompt) {
  const auto n_shared = static_cast<std::uint32_t>(n_prompt / model::kBlockSize);
  Need need{static_cast<std::uint32_t>(plans.size()), n_shared + 1};
  for (const auto& plan : plans)
    if (plan)
      need.n_blocks += static_cast<std::uint32_t>(plan->tokens.size()) / model::kBlockSize + 1 -
                       std::min<std::uint32_t>(n_shared, plan->tokens.size() / model::kBlockSize);
  return need;
}

}  // namespace

std::unique_ptr<RankJob> RankJob::make(std::shared_ptr<Ticket> ticket, const RankParams& params,
                                       std::shared_ptr<RankListener> listener,
                                       const Context& context) {
  std::size_t longest = 0;
  for (const std::string& candidate : params.candidates)
    longest = std::max(longest, context.tokenizer.encode(candidate).size());
  CompletionParams completion;
  completion.prefix = params.prefix;
  completion.stop.max_tokens = static_cast<std::uint32_t>(
      std::min<std::size_t>(longest + kMaxBridgeTokens, context.max_positions()));
  // Only notes can be refused.
  const Prompt prompt =
      plan_prompt(completion, context.tokenizer, context.healing, context.max_positions())
          .value_or_throw();
  const std::string head = bridge_head(params.suffix, context.tokenizer);

  std::vector<std::optional<BridgePlan>> plans;
  for (const std::string& candidate : params.candidates)
    plans.push_back(plan_bridge(prompt.tokens, prompt.to_heal + candidate, head, context.tokenizer,
                                context.max_positions()));
  std::unique_ptr<RankJob> job(
      new RankJob(std::move(ticket), need_of(plans, prompt.tokens.size()), std::move(listener)));
  job->prompt_tokens_ = prompt.tokens;
  job->plans_ = std::move(plans);
  return job;
}

void RankJob::start(Context& context) {
  context_ = &context;
  n_prompt_ = static_cast<std::uint32_t>(prompt_tokens_.size());
  prompt_.emplace(context.kv, std::move(prompt_tokens_));
  n_cached_ = prompt_->n_computed();
}

Status RankJob::add_rows(Step& step, std::uint32_t max_rows) {
  if (runs_) {
    runs_->add_rows(step, max_rows);
    return {};
  }
  auto added = step.add(*prompt_, max_rows, RowLogits::kLast);
  return added.ok() ? Status() : Status(added.error());
}

void RankJob::take_results() {
  if (runs_)
    runs_->take_results();
  else if (prompt_->n_pending() == 0)
    begin_runs();
}

void RankJob::begin_runs() {
  prompt_->share(Sequence::Share::kAll);
  prompt_.reset();
  runs_.emplace();
  for (auto& plan : plans_) runs_->add(*context_, std::move(plan));
}

void RankJob::close(Context& context) {
  if (runs_ && !error_) {
    result_.bridge_logprobs = runs_->logprobs();
    result_.order = bridge_order(result_.bridge_logprobs);
  }
  runs_.reset();
  prompt_.reset();
  Timings timings;
  timings.prompt_tokens = n_prompt_;
  timings.cached_tokens = n_cached_;
  context.metrics.ended(error_.has_value(), timings, 0);
}

}  // namespace understory::engine
