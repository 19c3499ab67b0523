// Finding and replacing: plain text or regular expressions (PCRE2), with or without case.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tui/text/boundaries.h"
#include "tui/text/text.h"

namespace understory::tui {

struct Query {
  std::string pattern;
  bool is_regex = false;
  bool has_case = false;
  bool whole_words = false;

  bool operator==(const Query&) const = default;
};

class Search {
 public:
  /// kInvalidArgument: a regular expression that is none, with the reason.
  static Result<Search> compile(const Query& query);
  Search(Search&&) noexcept;
  Search& operator=(Search&&) noexcept;
  ~Search();

  /// The first match at or after an offset; with `wraps` the search goes on at the beginning.
  /// kUnsupported: an expression that takes too long on this text.
  Result<std::optional<Range>> next(const Text& text, std::size_t from, bool wraps) const;
  /// The last match that ends before or at an offset.
  Result<std::optional<Range>> previous(const Text& text, std::size_t before, bool wraps) const;
  /// Matches within some bytes, for showing them; at most `limit`.
  std::vector<Range> all(std::string_view bytes, std::size_t limit) const;
  Result<std::size_t> count(const Text& text) const;

  struct Replaced {
    Text text;
    std::size_t n_replaced = 0;
  };
  /// With a regular expression `$1` and `${name}` mean what was captured.
  Result<Replaced> replace_all(const Text& text, const std::string& replacement) const;
  /// What a match would be replaced by.
  Result<std::string> replacement_for(const Text& text, Range match,
                                      const std::string& replacement) const;

 private:
  struct State;
  explicit Search(std::unique_ptr<State> state);
  const std::string& bytes_of(const Text& text) const;
  std::unique_ptr<State> state_;
};

}  // namespace understory::tui
