// The n branches of a request: they fork from the prompt, decode as one batch, and differ.
//
// A branch whose first words are those of an earlier one (opening.h) is drawn again with a new
// seed, up to kMaxRedraws times, and then suppressed. The branches are decided in order: nothing
// of a branch is emitted before it is known to differ from all earlier ones, which themselves
// are final by then. So what the branches are does not depend on how fast each one grows.
//
// Engine thread only.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/engine/branch_seeds.h"
#include "daemon/engine/branch_state.h"
#include "daemon/engine/context.h"
#include "daemon/engine/step.h"

namespace understory::engine {

class BranchGroup {
 public:
  using Emit = std::function<void(std::uint32_t branch, std::string text)>;

  /// Forks the branches from `prompt` and draws their first tokens from what `path` has looked
  /// at. rules must outlive the group.
  BranchGroup(Context& context, const BranchRules& rules, Sequence prompt, std::string to_heal,
              HealingPath& path, Emit emit);

  /// One branch that goes on where an earlier request's was (suggestions.h). Nothing of it is
  /// emitted before only().release().
  BranchGroup(Context& context, const BranchRules& rules, BranchMemory memory, Emit emit);

  /// The branch of a request that has one.
  BranchState& only() { return *slots_.front().state; }

  void add_rows(Step& step, std::uint32_t max_rows);
  void take_results();
  /// After a step: a branch has a token to draw.
  bool has_results() const;
  /// Tokens to compute before the next draw, of the branch that has most of them.
  std::uint32_t n_pending() const;

  /// Every branch has ended and is known to differ.
  bool finished() const;
  /// Ends every branch that has not.
  void finish(FinishReason reason);

  std::uint64_t n_draws() const;
  /// Rows computed only to spell the prefix's end again.
  std::uint32_t n_healing_rows() const { return n_healing_rows_; }
  /// In order of branch number.
  std::vector<Branch> results() const;
  /// Keeps what was computed for later requests.
  void share();

  static constexpr std::uint32_t kMaxRedraws = 4;

 private:
  struct Slot {
    std::optional<BranchState> state;  // absent while the first token is to be drawn again
    std::optional<Sequence> redraw;    // the prompt then, its last row to be computed
    std::uint32_t n_redraws = 0;
    std::uint64_t n_draws = 0;  // of states that were given up
    Step::Added added;
  };

  BranchState& begin(std::uint32_t branch, Sequence sequence, LogitsView& view, NextToken& next,
                     const BranchState::Allowed& allowed);
  void follow(BranchState& state, HealingPath& path);
  BranchState::Allowed allowed_after(const Sequence& prompt) const;
  void take_first(std::uint32_t branch);
  void decide(bool may_redraw);
  Likeness likeness_to_earlier(std::uint32_t branch) const;
  void draw_again(Slot& slot);

  Context& context_;
  const BranchRules& rules_;
  std::string to_heal_;
  Emit emit_;
  BranchSeeds seeds_;
  std::deque<Slot> slots_;
  std::uint32_t n_decided_ = 0;
  std::uint32_t n_healing_rows_ = 0;
  std::optional<Sequence> prompt_;  // for drawing again
  FinishReason end_ = FinishReason::kCancelled;
};

}  // namespace understory::engine
