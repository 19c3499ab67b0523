#include "daemon/engine/prefetcher.h"

#include <limits>
#include <optional>
#include <string>

#include "daemon/engine/branch_state.h"
#include "daemon/engine/step.h"

namespace understory::engine {

struct Prefetcher::Run {
  Run(Context& context, Suggestion& suggestion, std::uint32_t tokens_left)
      : target(suggestion),
        n_left(tokens_left),
        params(suggestion.key.params),
        sampler(params.sampler, context.tokenizer) {
    params.stop = {};  // goes on where the suggestion ended
    params.stop.max_tokens = std::numeric_limits<std::uint32_t>::max();
    rules = {&params, &context.tokenizer, &context.healing, &sampler, context.max_positions()};
    if (const BanParams& bans = params.sampler.bans; !bans.phrases.empty()) {
      phrases.emplace(bans.phrases, bans.ignore_case);
      rules.bans.emplace(*phrases, target.place.before);
    }
    BranchMemory all = target.branch;
    all.n_shown = 0;  // not only what was on show
    branch.emplace(rules, Sequence(context.kv, all.tokens), std::move(all),
                   [](const std::string&) {});
  }

  Suggestion& target;
  std::uint32_t n_left;
  CompletionParams params;
  Sampler sampler;
  std::optional<PhraseTrie> phrases;
  BranchRules rules;
  std::optional<BranchState> branch;
};

namespace {

/// Tokens that were drawn after those on show.
std::uint32_t n_ahead(const BranchMemory& branch) {
  std::size_t n_bytes = 0;
  std::uint32_t n = 0;
  for (const TokenResult& token : branch.drawn) {
    n += n_bytes >= branch.n_shown ? 1 : 0;
    n_bytes += token.text.size();
  }
  return n;
}

/// Whether more of it may be asked for: not where the model did not know how to go on.
bool worth_going_on(const BranchMemory& branch) {
  return !branch.ended &&
         (branch.reason == FinishReason::kStop || branch.reason == FinishReason::kLength ||
          branch.reason == FinishReason::kTime);
}

}  // namespace

Prefetcher::Prefetcher(Context& context, const EngineOptions& options)
    : context_(context), max_tokens_(options.prefetch_tokens), pause_(options.prefetch_pause) {}

Prefetcher::~Prefetcher() = default;

void Prefetcher::consider() {
  Suggestion* const suggestion = context_.suggestions.newest();
  if (run_ || !suggestion || !worth_going_on(suggestion->branch)) return;
  const std::uint32_t ahead = n_ahead(suggestion->branch);
  if (ahead >= max_tokens_) return;
  run_ = std::make_unique<Run>(context_, *suggestion, max_tokens_ - ahead);
  // Not for a branch that goes in circles, nor where the text is to be read again first: a prefill
  // would keep a request waiting that comes meanwhile.
  if (run_->branch->finished() || run_->branch->n_pending() > model::kBlockSize) run_.reset();
  due_ = Clock::now() + pause_;
}

void Prefetcher::step() {
  try {
    advance();
  } catch (...) {
    run_->n_left = 0;  // a request that meets the same trouble will report it
  }
  if (run_->n_left == 0 || run_->branch->finished()) stop();
}

void Prefetcher::advance() {
  Step step(context_.model, context_.kv);
  const auto added = step.add(run_->branch->sequence(), step.rows_left(), RowLogits::kLast);
  const bool ran = added.ok() && added->n_rows > 0 && step.run(context_.model).ok();
  if (!ran) {
    run_->n_left = 0;
    return;
  }
  if (added->n_results == 0) return;
  LogitsView view(context_.model, added->first_result);
  run_->branch->step(view);
  --run_->n_left;
  context_.metrics.prefetched();
}

void Prefetcher::stop() {
  if (!run_) return;
  run_->branch->sequence().share(Sequence::Share::kAll);
  BranchMemory& kept = run_->target.branch;
  if (auto further = run_->branch->memory()) {
    further->n_shown = kept.n_shown;
    further->reason = kept.reason;
    kept = *std::move(further);
  }
  run_.reset();
}

}  // namespace understory::engine
