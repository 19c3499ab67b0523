#include "tui/document/history.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/utf8.h"

namespace understory::tui {
namespace {

/// Appends to the last edit where the new one goes on where it ended.
bool extend(Edit& last, const Edit& next) {
  if (next.removed.empty() && next.offset == last.offset + last.inserted.size()) {
    last.inserted += next.inserted;
    return true;
  }
  const bool only_erase = next.inserted.empty() && last.inserted.empty();
  if (only_erase && next.offset + next.removed.size() == last.offset) {  // backspace
    last.offset = next.offset;
    last.removed.insert(0, next.removed);
    return true;
  }
  if (only_erase && next.offset == last.offset) {  // delete
    last.removed += next.removed;
    return true;
  }
  return false;
}

bool holds(const Text& text, std::size_t offset, const std::string& bytes) {
  return offset <= text.size() && bytes.size() <= text.size() - offset &&
         text.substr(offset, bytes.size()) == bytes;
}

}  // namespace

Text apply(const Text& text, const Edit& edit) {
  return text.replace(edit.offset, edit.removed.size(), edit.inserted);
}

Text apply_inverse(const Text& text, const Edit& edit) {
  return text.replace(edit.offset, edit.inserted.size(), edit.removed);
}

namespace {

/// The piece of a text from an offset on.
std::string_view piece_after(const Text& text, std::size_t offset) {
  std::size_t start = 0;
  std::string_view chunk = text.chunk_at(offset, &start);
  chunk.remove_prefix(offset - start);
  return chunk;
}

/// The piece of a text that ends at an offset above 0.
std::string_view piece_before(const Text& text, std::size_t offset) {
  std::size_t start = 0;
  return text.chunk_at(offset - 1, &start).substr(0, offset - start);
}

// Two versions of a text share most of their pieces, which then need no comparing.

std::size_t common_prefix(const Text& a, const Text& b, std::size_t limit) {
  std::size_t at = 0;
  while (at < limit) {
    const std::string_view x = piece_after(a, at);
    const std::string_view y = piece_after(b, at);
    const std::size_t n = std::min({x.size(), y.size(), limit - at});
    std::size_t same = n;
    if (x.data() != y.data()) {
      same = static_cast<std::size_t>(
          std::mismatch(x.begin(), x.begin() + static_cast<long>(n), y.begin()).first - x.begin());
    }
    at += same;
    if (same < n) break;
  }
  return at;
}

std::size_t common_suffix(const Text& a, const Text& b, std::size_t limit) {
  std::size_t length = 0;
  while (length < limit) {
    const std::string_view x = piece_before(a, a.size() - length);
    const std::string_view y = piece_before(b, b.size() - length);
    const std::size_t n = std::min({x.size(), y.size(), limit - length});
    std::size_t same = n;
    if (x.data() + x.size() != y.data() + y.size()) {
      same = 0;
      while (same < n && x[x.size() - 1 - same] == y[y.size() - 1 - same]) ++same;
    }
    length += same;
    if (same < n) break;
  }
  return length;
}

}  // namespace

Edit difference(const Text& from, const Text& to) {
  const auto splits_character = [](const Text& text, std::size_t at) {
    return at < text.size() && is_continuation(text.at(at));
  };
  const std::size_t shorter = std::min(from.size(), to.size());
  std::size_t prefix = common_prefix(from, to, shorter);
  while (prefix > 0 && (splits_character(from, prefix) || splits_character(to, prefix))) --prefix;
  std::size_t suffix = common_suffix(from, to, shorter - prefix);
  while (suffix > 0 && splits_character(from, from.size() - suffix)) --suffix;
  return {prefix, from.substr(prefix, from.size() - suffix - prefix),
          to.substr(prefix, to.size() - suffix - prefix)};
}

void History::record(Edit edit, std::size_t caret_before, std::size_t caret_after,
                     std::int64_t time_ms, bool joins) {
  if (joins && can_join()) {
    Step& step = steps_[current_];
    step.caret_after = caret_after;
    step.time_ms = time_ms;
    if (!extend(step.edits.back(), edit)) step.edits.push_back(std::move(edit));
    return;
  }
  Step step;
  step.parent = current_;
  step.time_ms = time_ms;
  step.caret_before = caret_before;
  step.caret_after = caret_after;
  step.edits.push_back(std::move(edit));
  steps_.push_back(std::move(step));
  steps_[current_].last_child = steps_.size() - 1;
  current_ = steps_.size() - 1;
  open_ = true;
}

bool History::can_join() const {
  return open_ && current_ > 0 && current_ + 1 == steps_.size();
}

std::optional<std::size_t> History::undo_target() const {
  if (current_ == 0) return std::nullopt;
  return steps_[current_].parent;
}

std::optional<std::size_t> History::redo_target() const {
  const std::size_t child = steps_[current_].last_child;
  if (child == 0) return std::nullopt;
  return child;
}

std::optional<std::size_t> History::earlier_target() const {
  if (current_ == 0) return std::nullopt;
  return current_ - 1;
}

std::optional<std::size_t> History::later_target() const {
  if (current_ + 1 >= steps_.size()) return std::nullopt;
  return current_ + 1;
}

namespace {

/// Parents have smaller numbers, so the larger of two states is never the other's ancestor's
/// ancestor: climb it until both meet.
std::pair<std::vector<std::size_t>, std::vector<std::size_t>> climb(
    const std::function<std::size_t(std::size_t)>& parent, std::size_t from, std::size_t to) {
  std::vector<std::size_t> up;
  std::vector<std::size_t> down;
  while (from != to) {
    if (from > to) {
      up.push_back(from);
      from = parent(from);
    } else {
      down.push_back(to);
      to = parent(to);
    }
  }
  std::reverse(down.begin(), down.end());
  return {up, down};
}

}  // namespace

History::Travel History::travel(const Text& text, std::size_t from, std::size_t to) const {
  Travel result;
  result.text = text;
  result.first_changed = text.size();
  const auto [up, down] = climb([this](std::size_t s) { return steps_[s].parent; }, from, to);
  for (const std::size_t state : up) {
    const std::vector<Edit>& edits = steps_[state].edits;
    for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) {
      result.text = apply_inverse(result.text, *edit);
      result.first_changed = std::min(result.first_changed, edit->offset);
    }
    result.caret = steps_[state].caret_before;
  }
  for (const std::size_t state : down) {
    for (const Edit& edit : steps_[state].edits) {
      result.text = apply(result.text, edit);
      result.first_changed = std::min(result.first_changed, edit.offset);
    }
    result.caret = steps_[state].caret_after;
  }
  result.caret = std::min(result.caret, result.text.size());
  return result;
}

bool History::fits(const Text& text, std::size_t from, std::size_t to) const {
  Text now = text;
  const auto [up, down] = climb([this](std::size_t s) { return steps_[s].parent; }, from, to);
  for (const std::size_t state : up) {
    const std::vector<Edit>& edits = steps_[state].edits;
    for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) {
      if (!holds(now, edit->offset, edit->inserted)) return false;
      now = apply_inverse(now, *edit);
    }
  }
  for (const std::size_t state : down) {
    for (const Edit& edit : steps_[state].edits) {
      if (!holds(now, edit.offset, edit.removed)) return false;
      now = apply(now, edit);
    }
  }
  return true;
}

std::size_t History::common_ancestor(std::size_t a, std::size_t b) const {
  while (a != b) {
    if (a > b) {
      a = steps_[a].parent;
    } else {
      b = steps_[b].parent;
    }
  }
  return a;
}

void History::move_to(std::size_t state) {
  // Redo follows the path that was come from and gone to.
  for (std::size_t child = state; child != 0; child = steps_[child].parent) {
    steps_[steps_[child].parent].last_child = child;
  }
  current_ = state;
  open_ = false;
}

}  // namespace understory::tui
