#include "daemon/engine/phrase_trie.h"

#include <utf8proc.h>

#include <algorithm>
#include <string>

#include "daemon/engine/utf8.h"

namespace understory::engine {

PhraseTrie::PhraseTrie(const std::vector<std::string>& phrases, bool ignore_case)
    : ignore_case_(ignore_case), nodes_(1) {
  for (const std::string& phrase : phrases) add(phrase);
  link();
}

PhraseTrie::State PhraseTrie::next(State state, char32_t character) const {
  const char32_t wanted = folded(character);
  while (true) {
    if (const auto at = edges_.find(edge(state, wanted)); at != edges_.end()) return at->second;
    if (state == kStart) return kStart;
    state = nodes_[state].fail;
  }
}

char32_t PhraseTrie::folded(char32_t character) const {
  if (!ignore_case_) return character;
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(character)));
}

void PhraseTrie::add(std::string_view phrase) {
  State state = kStart;
  for (std::size_t at = 0; at < phrase.size();) {
    const CodePoint c = code_point_at(phrase, at);
    at += c.length;
    const auto [child, is_new] =
        edges_.try_emplace(edge(state, folded(c.value)), static_cast<State>(nodes_.size()));
    if (is_new) nodes_.push_back({nodes_[state].depth + 1});
    state = child->second;
  }
  nodes_[state].shortest_match = nodes_[state].depth;
  longest_ = std::max(longest_, nodes_[state].depth);
}

void PhraseTrie::link() {
  // By rising depth, so that the links of what is shorter are there already.
  struct Edge {
    State from, to;
    char32_t character;
  };
  std::vector<Edge> by_depth;
  for (const auto& [key, to] : edges_)
    by_depth.push_back({static_cast<State>(key >> 32), to, static_cast<char32_t>(key)});
  std::sort(by_depth.begin(), by_depth.end(),
            [&](const Edge& a, const Edge& b) { return nodes_[a.to].depth < nodes_[b.to].depth; });
  for (const Edge& e : by_depth) {
    Node& node = nodes_[e.to];
    State state = nodes_[e.from].fail;
    auto at = edges_.find(edge(state, e.character));
    while (at == edges_.end() && state != kStart) {
      state = nodes_[state].fail;
      at = edges_.find(edge(state, e.character));
    }
    node.fail = at != edges_.end() && at->second != e.to ? at->second : kStart;
    const std::uint32_t shorter = nodes_[node.fail].shortest_match;
    if (shorter > 0) node.shortest_match = shorter;
  }
}

}  // namespace understory::engine
