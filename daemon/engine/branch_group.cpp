#include "daemon/engine/branch_group.h"

#include <algorithm>

namespace understory::engine {

BranchGroup::BranchGroup(Context& context, const BranchRules& rules, Sequence prompt,
                         std::string to_heal, HealingPath& path, Emit emit)
    : context_(context),
      rules_(rules),
      to_heal_(std::move(to_heal)),
      emit_(std::move(emit)),
      seeds_(*rules.params->sampler.seed, rules.sampler->is_greedy()) {
  const std::uint32_t n = rules.params->n;
  LogitsView& view = path.first();
  const auto allowed = allowed_after(prompt);
  NextToken next(view, *rules.sampler, prompt.tokens(), allowed, {},
                 rules.sampler->mirostat().first_mu());
  prompt.share(Sequence::Share::kFullBlocks);
  slots_.resize(n);
  for (std::uint32_t i = 0; i < n; ++i) follow(begin(i, prompt.fork(), view, next, allowed), path);
  const bool may_redraw = n > 1 && rules.text.suppress;
  if (may_redraw) prompt_ = std::move(prompt);
  decide(true);
}

BranchGroup::BranchGroup(Context& context, const BranchRules& rules, BranchMemory memory, Emit emit)
    : context_(context),
      rules_(rules),
      emit_(std::move(emit)),
      seeds_(memory.seed, rules.sampler->is_greedy()),
      slots_(1),
      n_decided_(1) {
  Sequence sequence(context.kv, memory.tokens);
  slots_.front().state.emplace(rules_, std::move(sequence), std::move(memory),
                               [this](std::string text) { emit_(0, std::move(text)); });
}

BranchState::Allowed BranchGroup::allowed_after(const Sequence& prompt) const {
  return context_.healing.allowed_next(to_heal_, rules_.spelling.after(prompt.tokens()));
}

BranchState& BranchGroup::begin(std::uint32_t branch, Sequence sequence, LogitsView& view,
                                NextToken& next, const BranchState::Allowed& allowed) {
  const FirstToken first = seeds_.draw(branch, next);
  BranchState& state = slots_[branch].state.emplace(
      rules_, std::move(sequence), first.seed, to_heal_,
      [this, branch](std::string text) { emit_(branch, std::move(text)); });
  state.accept(first.drawn, view, allowed);
  return state;
}

/// Takes what was computed already when the model's own spelling was looked for.
void BranchGroup::follow(BranchState& state, HealingPath& path) {
  while (!state.finished() && state.is_healing()) {
    LogitsView* const view = path.after(state.sequence().tokens());
    if (!view) return;
    state.sequence() = path.computed(state.sequence().size());
    state.step(*view);
  }
}

void BranchGroup::add_rows(Step& step, std::uint32_t max_rows) {
  for (Slot& slot : slots_) {
    slot.added = {};
    if (slot.state && slot.state->finished()) continue;
    auto added =
        step.add(slot.state ? slot.state->sequence() : *slot.redraw, max_rows, RowLogits::kLast);
    if (added.ok()) {
      slot.added = *added;
    } else if (slot.state) {
      slot.state->finish(FinishReason::kContext);  // it keeps what it has
    } else {
      finish(FinishReason::kContext);
    }
  }
  decide(true);
}

bool BranchGroup::has_results() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const Slot& slot) { return slot.added.n_results > 0; });
}

std::uint32_t BranchGroup::n_pending() const {
  std::uint32_t n = 0;
  for (const Slot& slot : slots_)
    if (slot.state && !slot.state->finished()) n = std::max(n, slot.state->n_pending());
  return n;
}

void BranchGroup::take_results() {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.added.n_results == 0) continue;
    if (!slot.state)
      take_first(i);
    else if (!slot.state->finished()) {
      LogitsView view(context_.model, slot.added.first_result);
      n_healing_rows_ += slot.state->is_healing() ? 1 : 0;
      slot.state->step(view);
    }
  }
  decide(true);
}

void BranchGroup::take_first(std::uint32_t branch) {
  Slot& slot = slots_[branch];
  LogitsView view(context_.model, slot.added.first_result);
  Sequence sequence = std::move(*slot.redraw);
  const auto allowed = allowed_after(sequence);
  NextToken next(view, *rules_.sampler, sequence.tokens(), allowed, {},
                 rules_.sampler->mirostat().first_mu());
  slot.redraw.reset();
  begin(branch, std::move(sequence), view, next, allowed);
}

void BranchGroup::decide(bool may_redraw) {
  for (; n_decided_ < slots_.size(); ++n_decided_) {
    Slot& slot = slots_[n_decided_];
    if (!slot.state && may_redraw) return;
    if (!slot.state) continue;
    const Likeness likeness =
        rules_.text.suppress ? likeness_to_earlier(n_decided_) : Likeness::kDifferent;
    if (likeness == Likeness::kUndecided) return;
    if (likeness == Likeness::kDifferent) {
      slot.state->release();
    } else if (may_redraw && slot.n_redraws < kMaxRedraws) {
      return draw_again(slot);
    } else {
      slot.state->finish(FinishReason::kRepetition);
      slot.state->suppress(Suppressed::kDuplicate);
    }
  }
  prompt_.reset();
}

Likeness BranchGroup::likeness_to_earlier(std::uint32_t branch) const {
  bool undecided = false;
  for (std::uint32_t i = 0; i < branch; ++i) {
    if (!slots_[i].state) continue;
    const Likeness likeness = compare(slots_[branch].state->opening(), slots_[i].state->opening());
    if (likeness == Likeness::kAlike) return likeness;
    undecided |= likeness == Likeness::kUndecided;
  }
  return undecided ? Likeness::kUndecided : Likeness::kDifferent;
}

void BranchGroup::draw_again(Slot& slot) {
  ++slot.n_redraws;
  slot.n_draws += slot.state->n_draws();
  slot.state.reset();
  slot.redraw = prompt_->fork();
  slot.redraw->recompute_last();
}

bool BranchGroup::finished() const {
  return n_decided_ == slots_.size() && std::all_of(slots_.begin(), slots_.end(), [](auto& slot) {
           return slot.state->finished();
         });
}

void BranchGroup::finish(FinishReason reason) {
  end_ = reason;
  for (Slot& slot : slots_)
    if (slot.state) slot.state->finish(reason);
  decide(false);
}

std::uint64_t BranchGroup::n_draws() const {
  std::uint64_t n = 0;
  for (const Slot& slot : slots_) n += slot.n_draws + (slot.state ? slot.state->n_draws() : 0);
  return n;
}

std::vector<Branch> BranchGroup::results() const {
  std::vector<Branch> results;
  for (const Slot& slot : slots_) {
    Branch unbegun;
    unbegun.finish_reason = end_;
    results.push_back(slot.state ? slot.state->result() : unbegun);
  }
  return results;
}

void BranchGroup::share() {
  for (Slot& slot : slots_)
    if (slot.state) slot.state->sequence().share(Sequence::Share::kAll);
}

}  // namespace understory::engine
