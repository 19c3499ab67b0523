// Undo without limit: every state that the text was in, as a tree of steps.
//
// State 0 is the text as it was first opened; step i leads from its parent to state i. Undo goes
// to the parent, redo to the child taken last. Typing after an undo begins another branch, and
// earlier() and later() walk through all states in the order they were made, so that nothing typed
// is out of reach. Knows no files; journal.h keeps it on disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tui/text/text.h"

namespace understory::tui {

/// At `offset`, `removed` gave way to `inserted`.
struct Edit {
  std::size_t offset = 0;
  std::string removed;
  std::string inserted;
};

struct Step {
  std::size_t parent = 0;
  std::size_t last_child = 0;  // 0: none
  std::int64_t time_ms = 0;    // since 1970
  std::size_t caret_before = 0;
  std::size_t caret_after = 0;
  std::vector<Edit> edits;  // in order
};

Text apply(const Text& text, const Edit& edit);
Text apply_inverse(const Text& text, const Edit& edit);

/// What turns one text into the other: one edit, without what both ends share.
Edit difference(const Text& from, const Text& to);

class History {
 public:
  std::size_t current() const { return current_; }
  std::size_t n_states() const { return steps_.size(); }
  /// state > 0.
  const Step& step(std::size_t state) const { return steps_[state]; }

  /// Takes an edit that was made at the current state. With `joins` it becomes part of the
  /// current step where that may still grow (can_join), else a step of its own.
  void record(Edit edit, std::size_t caret_before, std::size_t caret_after, std::int64_t time_ms,
              bool joins);
  /// True until the current state is moved to, sealed or branched from.
  bool can_join() const;
  /// The current state will not change any more: it is on disk, or a pause came.
  void seal() { open_ = false; }

  /// A state to go to, or nothing where there is none.
  std::optional<std::size_t> undo_target() const;
  std::optional<std::size_t> redo_target() const;
  std::optional<std::size_t> earlier_target() const;
  std::optional<std::size_t> later_target() const;

  struct Travel {
    Text text;
    std::size_t caret = 0;
    std::size_t first_changed = 0;  // offset of the first change, for what caches
  };
  /// The text at another state, given the text at `from`. Does not move.
  Travel travel(const Text& text, std::size_t from, std::size_t to) const;
  /// The last state that both come from.
  std::size_t common_ancestor(std::size_t a, std::size_t b) const;
  /// Makes another state the current one; `state` < n_states().
  void move_to(std::size_t state);

  /// False where an edit of the path does not fit the text: wrong base, damaged history.
  bool fits(const Text& text, std::size_t from, std::size_t to) const;

 private:
  std::vector<Step> steps_ = std::vector<Step>(1);
  std::size_t current_ = 0;
  bool open_ = false;
};

}  // namespace understory::tui
