// The suggestion at the caret: what streams in, its alternatives, and taking it in pieces.
//
// A suggestion belongs to an offset. What the writer types there either agrees with it, and then
// it stays and shortens, or does not, and then it is gone. Knows no daemon.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understory::tui {

class Suggestion {
 public:
  /// A new one, asked for at an offset; nothing to show yet.
  void begin(std::size_t offset);
  /// Room for more alternatives of the same place; gives the index of the first.
  std::size_t expect(std::size_t n);
  void append(std::size_t alternative, std::string_view text);
  /// An alternative's whole text. Empty and repeated ones are dropped at settle().
  void finish(std::size_t alternative, std::string text);
  /// No more text will come: drops what is empty or double.
  void settle();
  void clear();

  bool is_open() const { return is_open_; }
  /// Where it stands now: behind what was typed or taken of it.
  std::size_t offset() const { return offset_ + typed_.size(); }
  /// Where it was asked for.
  std::size_t origin() const { return offset_; }

  /// The rest of the alternative that is shown; empty where there is nothing (yet).
  std::string_view shown() const;
  /// Index of the shown alternative, as expect() counts them until settle().
  std::size_t current() const { return current_; }
  /// The shown alternative from its origin on.
  std::string_view whole() const;
  /// 1-based number of the shown alternative, and of how many.
  std::size_t position() const;
  std::size_t n_alternatives() const;
  void go(int by);  // to another alternative, around the end
  /// The origin moves to offset(): what was typed or taken is of the text now, and only what agrees
  /// with it stays. Gives what that was. Only after settle().
  std::string settle_typed();

  /// What was typed at offset(). True where some alternative says so too: the suggestion stays.
  /// False: it is cleared.
  bool type(std::string_view bytes);
  /// What was typed or taken was erased again; false where that reaches before the origin.
  bool erase(std::size_t n_bytes);

  /// The next piece of what is shown, which then counts as typed. The caller inserts it.
  std::string take_word();
  std::string take_sentence();
  std::string take_all();

 private:
  std::string take(std::size_t length);
  bool agrees(std::size_t alternative) const;

  bool is_open_ = false;
  std::size_t offset_ = 0;
  std::string typed_;  // since begin()
  std::vector<std::string> alternatives_;
  std::size_t current_ = 0;
};

}  // namespace understory::tui
