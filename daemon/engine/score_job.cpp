#include "daemon/engine/score_job.h"

#include <algorithm>

#include "daemon/engine/branch_state.h"
#include "daemon/engine/prompt.h"

namespace understory::engine {
namespace {

/// The tokens of `text` with their places; logprobs are filled in later.
std::vector<ScoredToken> lay_out(std::string_view text, const tokenizer::Tokenizer& tokenizer) {
  std::vector<ScoredToken> tokens;
  std::uint64_t offset = 0;
  for (const tokenizer::TokenId id : tokenizer.encode(text)) {
    std::string_view piece = tokenizer.piece(id);
    const bool is_first = tokens.empty();
    if (is_first && tokenizer.adds_space_prefix() && piece.starts_with(' ')) piece.remove_prefix(1);
    tokens.push_back({id, std::string(piece), offset, 0, {}});
    offset += piece.size();
  }
  return tokens;
}

/// Positions of a window: half of the KV cache stays free for completions.
std::uint32_t window_positions(const Context& context) {
  const std::uint32_t half = context.model.n_cache_blocks() / 2 * model::kBlockSize;
  return std::max(2 * model::kBlockSize, std::min(context.max_positions(), half));
}

}  // namespace

std::unique_ptr<ScoreJob> ScoreJob::make(std::shared_ptr<Ticket> ticket, const ScoreParams& params,
                                         std::shared_ptr<ScoreListener> listener,
                                         const Context& context) {
  std::vector<ScoredToken> tokens = lay_out(params.text, context.tokenizer);
  const std::size_t longest = std::min<std::size_t>(window_positions(context), tokens.size() + 1);
  // +2: the last block's part, and a copied block while its source is still held.
  const Need need{1, static_cast<std::uint32_t>(longest / model::kBlockSize) + 2};
  std::unique_ptr<ScoreJob> job(
      new ScoreJob(std::move(ticket), need, params.top, std::move(listener), context));
  job->result_.tokens = std::move(tokens);
  job->result_.bytes = params.text.size();
  return job;
}

ScoreJob::ScoreJob(std::shared_ptr<Ticket> ticket, Need need, std::uint32_t top,
                   std::shared_ptr<ScoreListener> listener, const Context& context)
    : BackgroundJob("score", std::move(ticket), need, std::move(listener)),
      top_(top),
      text_has_bos_(context.tokenizer.adds_bos()),
      max_positions_(window_positions(context)),
      start_token_(start_token(context.tokenizer)) {}

void ScoreJob::start(Context& context) {
  context_ = &context;
}

void ScoreJob::begin_window() {
  // Text tokens [begin, end), after the start token where one belongs there.
  const bool with_start = text_has_bos_ || next_token_ == 0;
  const std::size_t room = max_positions_ - (with_start ? 1 : 0);
  std::size_t begin = next_token_ < room ? 0 : next_token_ - room / 2;
  std::size_t end = std::min(result_.tokens.size(), begin + room);
  if (!text_has_bos_ && next_token_ == 0) end = 1;

  std::vector<tokenizer::TokenId> tokens;
  if (with_start) tokens.push_back(start_token_);
  // The last token's own row predicts nothing that is asked for.
  for (std::size_t i = begin; i + 1 < end; ++i) tokens.push_back(result_.tokens[i].id);
  n_context_ = static_cast<std::uint32_t>(next_token_ - begin) - (with_start ? 0 : 1);
  window_.emplace(context_->kv, std::move(tokens), n_context_);
}

Status ScoreJob::add_rows(Step& step, std::uint32_t max_rows) {
  if (!window_) begin_window();
  auto added = step.add_judged(*window_, n_context_, max_rows);
  if (!added.ok()) return added.error();
  added_ = *added;
  n_computed_ += added_.n_rows;
  return {};
}

void ScoreJob::take_results() {
  for (std::uint32_t i = 0; i < added_.n_results; ++i) score_next(added_.first_result + i);
  if (window_->n_pending() == 0) window_.reset();
}

void ScoreJob::score_next(std::uint32_t result) {
  LogitsView view(context_->model, result);
  ScoredToken& token = result_.tokens[next_token_++];
  token.logprob = view.logprob(token.id);
  token.top = top_tokens(view, top_, context_->tokenizer);
  result_.nats -= token.logprob;
}

void ScoreJob::close(Context& context) {
  window_.reset();
  Timings timings;
  timings.prompt_tokens = static_cast<std::uint32_t>(n_computed_);
  context.metrics.ended(error_.has_value(), timings, 0);
}

}  // namespace understory::engine
