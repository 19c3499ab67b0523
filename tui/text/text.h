// The manuscript in memory: an immutable rope of bytes.
//
// A Text is a value. Editing gives a new Text that shares all but a few nodes with the old one, so
// a snapshot for another thread, for a save or for a diff costs nothing. Bytes are kept exactly as
// they are, valid UTF-8 or not. Every node knows its bytes, line feeds and words, so each lookup
// below is O(log n).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tui/text/word_count.h"

namespace understory::tui {

class Text {
 public:
  Text() = default;
  explicit Text(std::string_view bytes);

  std::size_t size() const;     // bytes
  std::size_t n_lines() const;  // line feeds + 1
  std::size_t n_words() const;
  bool empty() const { return size() == 0; }

  /// `offset` and `offset + length` must be within the text.
  Text insert(std::size_t offset, std::string_view bytes) const;
  Text erase(std::size_t offset, std::size_t length) const;
  Text replace(std::size_t offset, std::size_t length, std::string_view bytes) const;

  char at(std::size_t offset) const;  // offset < size()
  std::string substr(std::size_t offset, std::size_t length) const;
  std::string str() const { return substr(0, size()); }

  /// The line, from 0, that holds the offset; size() is in the last.
  std::size_t line_of(std::size_t offset) const;
  /// Where a line begins; size() for lines behind the last.
  std::size_t line_start(std::size_t line) const;
  /// Where a line's text ends: before its "\n" or "\r\n".
  std::size_t line_end(std::size_t line) const;
  std::string line(std::size_t line) const;

  /// Words of a part, a word cut at its edges included.
  std::size_t n_words_in(std::size_t offset, std::size_t length) const;

  /// The longest run of bytes in one piece around an offset (< size()), and where it begins.
  /// Valid while this Text lives.
  std::string_view chunk_at(std::size_t offset, std::size_t* chunk_start) const;

  /// Calls `visit` with the pieces of a part in order.
  void each_chunk(std::size_t offset, std::size_t length,
                  const std::function<void(std::string_view)>& visit) const;

  /// True where both are the same object: equal without looking.
  bool is_same(const Text& other) const { return root_ == other.root_; }
  bool operator==(const Text& other) const;

  /// For tests: asserts balance and summaries; gives the height.
  int check_invariants() const;

  struct Node;
  using NodePtr = std::shared_ptr<const Node>;

 private:
  explicit Text(NodePtr root) : root_(std::move(root)) {}
  NodePtr root_;  // null where empty
};

/// Reads bytes near each other without a lookup for each.
class TextReader {
 public:
  explicit TextReader(Text text) : text_(std::move(text)) {}
  const Text& text() const { return text_; }
  std::size_t size() const { return text_.size(); }

  unsigned char operator[](std::size_t offset) {
    if (offset < start_ || offset - start_ >= chunk_.size())
      chunk_ = text_.chunk_at(offset, &start_);
    return static_cast<unsigned char>(chunk_[offset - start_]);
  }

 private:
  Text text_;
  std::string_view chunk_;
  std::size_t start_ = 0;
};

}  // namespace understory::tui
