// What clients ask about a tree: lists, searches, differences. Reads only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "daemon/story/text_diff.h"
#include "daemon/story/tree.h"

namespace understory::story {

struct Listed {
  const Node* node;
  std::uint32_t depth;
  std::uint64_t offset = 0;
};

struct Page {
  std::vector<Listed> nodes;
  bool more = false;
};

struct Range {
  std::size_t skip = 0;
  std::size_t limit = 1000;
};

/// The tree with and below `top`, parents first, at most `depth` levels below.
Page list_nodes(const Tree& tree, const Node& top, std::uint32_t depth, bool trash, Range range);

/// The last `last` nodes on the way to `node`; offset is where each begins in the path's text.
std::vector<Listed> list_path(const Tree& tree, const Node& node, std::size_t last);

/// Leaves below `top`; offset is the length of each one's whole path.
Page list_leaves(const Tree& tree, const Node& top, Range range);

/// The nodes that were pruned themselves, latest first.
Page list_trash(const Tree& tree, Range range);

struct TextSpan {
  std::uint64_t bytes;
  Origin origin;
  NodeId node;
};
/// Who the path's text is from, by node.
std::vector<TextSpan> path_spans(const Tree& tree, const Node& node);

/// The beginning of a text, whole characters, at most `most` bytes.
std::string_view head_of(std::string_view text, std::size_t most);
std::string_view tail_of(std::string_view text, std::size_t most);

struct Match {
  NodeId node;
  std::size_t offset;  // in its text
  std::size_t length;
};
struct SearchOptions {
  bool match_case = false;
  bool trash = false;
  std::size_t limit = 100;
};
struct Matches {
  std::vector<Match> matches;
  bool more = false;
};
/// Places where the query stands inside one node; case folded as Unicode says, unless asked not
/// to, and composed and decomposed letters alike.
Matches search(const Node& top, std::string_view query, SearchOptions options);

/// Two or more paths beside each other.
struct Comparison {
  const Node* ancestor;
  std::size_t shared_bytes;
  std::vector<std::string> texts;  // after it
};
Comparison compare(const Tree& tree, const std::vector<const Node*>& nodes);

}  // namespace understory::story
