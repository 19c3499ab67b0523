#include "daemon/engine/completion_job.h"

#include <algorithm>
#include <random>

#include "daemon/engine/random.h"

namespace understory::engine {
namespace {

std::uint64_t fresh_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32 | device()) & kChosenSeedMask;
}

/// Blocks at worst: the prompt's once, and what each branch writes of its own, the copy of the
/// last prompt block included (a branch that is drawn again writes into it).
Need need_of(const CompletionParams& params, const Prompt& prompt, std::uint32_t max_positions) {
  const auto n_prompt = static_cast<std::uint32_t>(prompt.tokens.size());
  const auto n_heal = static_cast<std::uint32_t>(prompt.to_heal.size());
  const std::uint32_t n_new = std::min(params.stop.max_tokens + n_heal + 1,
                                       max_positions - std::min(n_prompt, max_positions));
  const std::uint32_t n_before_last = (n_prompt - 1) / model::kBlockSize;
  const std::uint32_t in_last = n_prompt - n_before_last * model::kBlockSize;
  const std::uint32_t own = (in_last + n_new + model::kBlockSize - 1) / model::kBlockSize;
  return {params.n, n_before_last + params.n * own + 1};
}

}  // namespace

std::unique_ptr<CompletionJob> CompletionJob::make(std::shared_ptr<Ticket> ticket,
                                                   CompletionParams params,
                                                   std::shared_ptr<CompletionListener> listener,
                                                   const Context& context) {
  if (!params.sampler.seed) params.sampler.seed = fresh_seed();
  Prompt prompt = plan_prompt(params, context.tokenizer, context.healing, context.max_positions());
  const Need need = need_of(params, prompt, context.max_positions());
  return std::unique_ptr<CompletionJob>(new CompletionJob(
      std::move(ticket), need, std::move(params), std::move(prompt), std::move(listener), context));
}

CompletionJob::CompletionJob(std::shared_ptr<Ticket> ticket, Need need, CompletionParams params,
                             Prompt prompt, std::shared_ptr<CompletionListener> listener,
                             const Context& context)
    : Job(std::move(ticket), need),
      params_(std::move(params)),
      prompt_(std::move(prompt)),
      listener_(std::move(listener)),
      sampler_(params_.sampler, context.tokenizer) {
  rules_ = {&params_,    &context.tokenizer,      &context.healing,
            &sampler_,   context.max_positions(), TextRules(params_, prompt_.tail),
            std::nullopt};
  if (const BanParams& bans = params_.sampler.bans; !bans.phrases.empty()) {
    bans_.emplace(bans.phrases, bans.ignore_case);
    rules_.bans.emplace(*bans_, params_.prefix);
  }
  params_.prefix = {};  // the prompt has what is needed of it
}

void CompletionJob::start(Context& context) {
  context_ = &context;
  started_at_ = Clock::now();
  timings_.queue_ms = ms_between(ticket().submitted, started_at_);
  timings_.prompt_tokens = static_cast<std::uint32_t>(prompt_.tokens.size());
  timings_.dropped_tokens = prompt_.dropped_tokens;
  prompt_sequence_.emplace(context.kv, std::move(prompt_.tokens));
  timings_.cached_tokens = prompt_sequence_->n_computed();
}

Status CompletionJob::add_rows(Step& step, std::uint32_t max_rows) {
  added_ = {};
  if (ticket().is_over()) {
    end_all(FinishReason::kTime);
    return {};
  }
  if (branches_) {
    branches_->add_rows(step);
    end_where_finished();
    return {};
  }
  auto added = step.add(*prompt_sequence_, max_rows, RowLogits::kLast);
  if (!added.ok()) return added.error();
  added_ = *added;
  return {};
}

void CompletionJob::take_results() {
  const bool late = ticket().cancelled;  // while the step ran
  const std::uint64_t n_draws_before = n_draws();
  if (branches_)
    branches_->take_results();
  else if (added_.n_results > 0)
    begin_branches();
  if (late) timings_.late_tokens += static_cast<std::uint32_t>(n_draws() - n_draws_before);
  end_where_finished();
}

void CompletionJob::begin_branches() {
  branches_.emplace(*context_, rules_, std::move(*prompt_sequence_), prompt_.to_heal,
                    added_.first_result, [this](std::uint32_t branch, std::string text) {
                      mark_served();
                      listener_->on_chunk({branch, std::move(text)});
                    });
  prompt_sequence_.reset();
  note_first_token();
}

void CompletionJob::note_first_token() {
  first_token_at_ = Clock::now();
  timings_.ttft_ms = ms_between(ticket().submitted, *first_token_at_);
  timings_.prefill_ms = ms_between(started_at_, *first_token_at_);
  context_->metrics.first_token(timings_.ttft_ms);
}

std::uint64_t CompletionJob::n_draws() const {
  return branches_ ? branches_->n_draws() : 0;
}

void CompletionJob::end_where_finished() {
  ended_ |= branches_ && branches_->finished();
}

void CompletionJob::cancel() {
  if (ended_) return;
  cancelled_ = ticket().cancelled;
  end_all(cancelled_ ? FinishReason::kCancelled : FinishReason::kTime);
}

void CompletionJob::end_all(FinishReason reason) {
  ended_ = true;
  untouched_reason_ = reason;
  if (branches_) branches_->finish(reason);
}

void CompletionJob::fail(Error error) {
  ended_ = true;
  error_ = std::move(error);
}

void CompletionJob::close(Context& context) {
  if (branches_) {
    results_ = branches_->results();
    timings_.healed_tokens = branches_->n_healing_draws();
  }
  const std::uint64_t n_drawn = n_draws();
  Branch untouched;
  untouched.finish_reason = untouched_reason_;
  results_.resize(params_.n, untouched);
  if (first_token_at_) {
    timings_.decode_ms = ms_between(*first_token_at_, Clock::now());
    const std::uint64_t after_first = n_drawn - std::min<std::uint64_t>(n_drawn, params_.n);
    if (timings_.decode_ms > 0) timings_.decode_tok_s = after_first / timings_.decode_ms * 1000;
  }
  release(!error_.has_value());
  context.metrics.ended(cancelled_ || error_, timings_, n_drawn);
}

void CompletionJob::release(bool share) {
  if (share && prompt_sequence_) prompt_sequence_->share(Sequence::Share::kAll);
  if (share && branches_) branches_->share();
  prompt_sequence_.reset();
  branches_.reset();
}

void CompletionJob::answer() {
  if (error_)
    listener_->on_finish(*error_);
  else
    listener_->on_finish(CompletionResult{std::move(results_), timings_});
}

}  // namespace understory::engine
