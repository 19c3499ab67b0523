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
  // Tokenized anew, a branch may have some more tokens.
  const std::uint32_t n_ranked = params.rank == RankBy::kBridge ? 2 * kMaxBridgeTokens : 0;
  const std::uint32_t n_new = std::min(params.stop.max_tokens + n_heal + 1 + n_ranked,
                                       max_positions - std::min(n_prompt, max_positions));
  const std::uint32_t n_before_last = (n_prompt - 1) / model::kBlockSize;
  const std::uint32_t in_last = n_prompt - n_before_last * model::kBlockSize;
  const std::uint32_t own = (in_last + n_new + model::kBlockSize - 1) / model::kBlockSize;
  return {params.n, n_before_last + params.n * own + 1};
}

}  // namespace

Result<std::unique_ptr<Job>> CompletionJob::make(std::shared_ptr<Ticket> ticket,
                                                 CompletionParams params,
                                                 std::shared_ptr<CompletionListener> listener,
                                                 const Context& context) {
  auto prompt = plan_prompt(params, context.tokenizer, context.healing, context.max_positions());
  if (!prompt.ok()) return prompt.error();
  std::optional<Continuity> continuity;
  if (auto key = suggestion_key(ticket->client, params, prompt->context.lorebook))
    continuity = Continuity{*std::move(key), CursorPlace::of(params)};
  if (!params.sampler.seed) params.sampler.seed = fresh_seed();
  Need need = need_of(params, *prompt, context.max_positions());
  if (continuity)
    need.n_blocks += 2;  // the suggestion's tokens may be other ones than the prompt's
  return std::unique_ptr<Job>(new CompletionJob(std::move(ticket), need, std::move(params),
                                                *std::move(prompt), std::move(continuity),
                                                std::move(listener), context));
}

CompletionJob::CompletionJob(std::shared_ptr<Ticket> ticket, Need need, CompletionParams params,
                             Prompt prompt, std::optional<Continuity> continuity,
                             std::shared_ptr<CompletionListener> listener, const Context& context)
    : Job(std::move(ticket), need),
      params_(std::move(params)),
      prompt_(std::move(prompt)),
      continuity_(std::move(continuity)),
      listener_(std::move(listener)),
      sampler_(params_.sampler, context.tokenizer) {
  rules_ = {&params_,  &context.tokenizer,      &context.healing,
            &sampler_, context.max_positions(), TextRules(params_, prompt_.tail)};
  if (const BanParams& bans = params_.sampler.bans; !bans.phrases.empty()) {
    bans_.emplace(bans.phrases, bans.ignore_case);
    rules_.bans.emplace(*bans_, params_.prefix);
  }
  // The prompt has what is needed of them.
  params_.prefix = {};
  params_.notes = {};
  params_.lorebook = {};
}

void CompletionJob::start(Context& context) {
  context_ = &context;
  started_at_ = Clock::now();
  timings_.queue_ms = ms_between(ticket().submitted, started_at_);
  if (go_on()) return;
  timings_.prompt_tokens = static_cast<std::uint32_t>(prompt_.tokens.size());
  timings_.dropped_tokens = prompt_.dropped_tokens;
  prompt_sequence_.emplace(context.kv, prompt_.tokens);
  timings_.cached_tokens = prompt_sequence_->n_computed();
}

bool CompletionJob::go_on() {
  if (!continuity_) return false;
  auto match = context_->suggestions.take(continuity_->key, continuity_->place);
  if (!match) return false;
  Suggestion& rest = match->rest;
  branches_.emplace(*context_, rules_, rest.branch, emitter());
  BranchState& branch = branches_->only();
  const bool usable =
      branch.finished() ? branch.has_text() : has_room_to_go_on(rest.branch, branch.n_tokens());
  if (!usable) {
    branches_.reset();
    return false;
  }
  n_typed_through_ = match->n_typed;
  n_draws_before_ = rest.branch.n_draws;
  timings_.prompt_tokens =
      static_cast<std::uint32_t>(rest.branch.tokens.size() - rest.branch.drawn.size());
  timings_.cached_tokens = branch.finished()
                               ? timings_.prompt_tokens
                               : std::min(timings_.prompt_tokens, branch.sequence().n_computed());
  timings_.dropped_tokens = rest.dropped_tokens;
  timings_.prefetched = branch.n_tokens();
  prompt_.context = std::move(rest.context);
  if (timings_.prefetched > 0) note_first_token();
  branch.release();
  end_where_finished();
  return true;
}

bool CompletionJob::has_room_to_go_on(const BranchMemory& branch, std::uint32_t n_ready) const {
  const std::size_t n_at_most = branch.tokens.size() + params_.stop.max_tokens - n_ready + 1;
  return n_at_most <= context_->max_positions() &&
         n_at_most / model::kBlockSize + 2 <= need().n_blocks;
}

void CompletionJob::remember() {
  if (prompt_sequence_) prompt_sequence_->share(Sequence::Share::kAll);
  if (!branches_) return;
  branches_->share();
  if (!continuity_) return;
  auto memory = branches_->only().memory();
  if (!memory) return;
  context_->suggestions.remember({std::move(continuity_->key), std::move(continuity_->place),
                                  prompt_.context, timings_.dropped_tokens, *std::move(memory)});
  continuity_.reset();
}

bool CompletionJob::is_decoding() const {
  return path_ || (branches_ && branches_->n_pending() <= 1);
}

Status CompletionJob::add_rows(Step& step, std::uint32_t max_rows) {
  added_ = {};
  if (bridges_) {
    bridges_->add_rows(step, max_rows);
    end_where_ranked();
    return {};
  }
  if (ticket().is_over()) {
    end_all(FinishReason::kTime);
    return {};
  }
  if (branches_) {
    branches_->add_rows(step, max_rows);
    end_where_finished();
    if (bridges_) bridges_->add_rows(step, max_rows);
    return {};
  }
  auto added = step.add(path_ ? path_->sequence() : *prompt_sequence_, max_rows, RowLogits::kLast);
  if (!added.ok()) return added.error();
  added_ = *added;
  return {};
}

void CompletionJob::take_results() {
  if (bridges_) {
    bridges_->take_results();
    return end_where_ranked();
  }
  const bool late = ticket().cancelled;  // while the step ran
  const std::uint64_t n_draws_before = n_draws();
  if (branches_) {
    if (!first_token_at_ && branches_->has_results()) note_first_token();
    branches_->take_results();
  } else if (added_.n_results > 0) {
    look_ahead();
  }
  if (late) timings_.late_tokens += static_cast<std::uint32_t>(n_draws() - n_draws_before);
  end_where_finished();
}

void CompletionJob::look_ahead() {
  if (!path_) path_.emplace(*context_, *prompt_sequence_, prompt_.to_heal, prompt_.n_to_heal);
  path_->take(LogitsView(context_->model, added_.first_result));
  if (path_->done()) begin_branches();
}

void CompletionJob::begin_branches() {
  rules_.spelling = path_->spelling();
  timings_.healed_tokens = path_->n_rows();
  branches_.emplace(*context_, rules_, std::move(*prompt_sequence_), prompt_.to_heal, *path_,
                    emitter());
  path_.reset();
  prompt_sequence_.reset();
  note_first_token();
}

BranchGroup::Emit CompletionJob::emitter() {
  return [this](std::uint32_t branch, std::string text) {
    mark_served();
    listener_->on_chunk({branch, std::move(text)});
  };
}

void CompletionJob::note_first_token() {
  first_token_at_ = Clock::now();
  timings_.ttft_ms = ms_between(ticket().submitted, *first_token_at_);
  timings_.prefill_ms = ms_between(started_at_, *first_token_at_);
  context_->metrics.first_token(timings_.ttft_ms);
}

std::uint64_t CompletionJob::n_draws() const {
  return branches_ ? branches_->n_draws() - n_draws_before_ : n_draws_;
}

void CompletionJob::end_where_finished() {
  if (ended_ || !branches_ || !branches_->finished()) return;
  take_branches();
  if (is_ranked())
    begin_ranking();
  else
    ended_ = true;
}

bool CompletionJob::is_ranked() const {
  return params_.rank == RankBy::kBridge && !params_.suffix.empty();
}

void CompletionJob::take_branches() {
  results_ = branches_->results();
  n_draws_ = n_draws();
  timings_.healed_tokens += branches_->n_healing_rows();
  if (first_token_at_) {
    timings_.decode_ms = ms_between(*first_token_at_, Clock::now());
    const std::uint64_t after_first = n_draws_ - std::min<std::uint64_t>(n_draws_, params_.n);
    if (timings_.decode_ms > 0) timings_.decode_tok_s = after_first / timings_.decode_ms * 1000;
  }
  remember();
  branches_.reset();
}

void CompletionJob::begin_ranking() {
  const std::string head = bridge_head(params_.suffix, context_->tokenizer);
  bridges_.emplace();
  for (const Branch& branch : results_) {
    std::optional<BridgePlan> plan;
    if (!branch.suppressed)
      plan = plan_bridge(prompt_.tokens, prompt_.to_heal + branch.text, head, context_->tokenizer,
                         context_->max_positions());
    bridges_->add(*context_, std::move(plan));
  }
  end_where_ranked();
}

void CompletionJob::end_where_ranked() {
  if (ended_ || !bridges_->done()) return;
  const auto logprobs = bridges_->logprobs();
  for (std::size_t i = 0; i < results_.size(); ++i) results_[i].bridge_logprob = logprobs[i];
  order_ = bridge_order(logprobs);
  ended_ = true;
}

void CompletionJob::cancel() {
  const bool only_time_is_over = !ticket().cancelled;
  if (ended_ || (bridges_ && only_time_is_over)) return;
  cancelled_ = ticket().cancelled;
  end_all(cancelled_ ? FinishReason::kCancelled : FinishReason::kTime);
  // Before the request that supersedes this one looks for its text.
  if (context_) remember();
}

void CompletionJob::end_all(FinishReason reason) {
  untouched_reason_ = reason;
  if (branches_) {
    branches_->finish(reason);
    take_branches();
  }
  // What came in time is ranked all the same: that takes as long as reading a few words.
  if (reason == FinishReason::kTime && is_ranked() && !results_.empty())
    begin_ranking();
  else
    ended_ = true;
}

void CompletionJob::fail(Error error) {
  ended_ = true;
  error_ = std::move(error);
}

void CompletionJob::close(Context& context) {
  Branch untouched;
  untouched.finish_reason = untouched_reason_;
  results_.resize(params_.n, untouched);
  const std::uint64_t n_drawn = n_draws();
  if (!error_ && context_) remember();
  path_.reset();
  prompt_sequence_.reset();
  branches_.reset();
  bridges_.reset();
  context.metrics.ended(cancelled_ || error_, timings_, n_drawn);
}

void CompletionJob::answer() {
  if (error_)
    listener_->on_finish(*error_);
  else
    listener_->on_finish(CompletionResult{std::move(results_), std::move(order_), timings_,
                                          std::move(prompt_.context), n_typed_through_});
}

}  // namespace understory::engine
