// Many phrases looked for at once while a text grows: a trie over characters with failure links
// (Aho and Corasick 1975). A state says how much of the text's end may yet become a phrase.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace understory::engine {

/// Immutable once made; any thread.
class PhraseTrie {
 public:
  /// Phrases are valid UTF-8 and not empty. With ignore_case, letters match in either case
  /// (Unicode's simple lower case).
  PhraseTrie(const std::vector<std::string>& phrases, bool ignore_case);

  using State = std::uint32_t;
  static constexpr State kStart = 0;

  /// The state after one more character.
  State next(State state, char32_t character) const;

  /// Characters at the end of the text that begin some phrase, all of it perhaps.
  std::uint32_t depth(State state) const { return nodes_[state].depth; }
  /// Characters of the shortest phrase with which the text ends; 0: it ends with none.
  std::uint32_t shortest_match(State state) const { return nodes_[state].shortest_match; }

  std::uint32_t longest_phrase() const { return longest_; }
  bool empty() const { return nodes_.size() == 1; }

 private:
  struct Node {
    std::uint32_t depth = 0;
    std::uint32_t shortest_match = 0;
    State fail = kStart;
  };
  static std::uint64_t edge(State state, char32_t character) {
    return std::uint64_t{state} << 32 | character;
  }
  char32_t folded(char32_t character) const;
  void add(std::string_view phrase);
  void link();

  bool ignore_case_;
  std::uint32_t longest_ = 0;  // characters
  std::vector<Node> nodes_;    // parents before children
  std::unordered_map<std::uint64_t, State> edges_;
};

}  // namespace understory::engine
