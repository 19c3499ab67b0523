// A node of a story tree: what the file keeps of it, and the links that the tree adds in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understory::story {

using NodeId = std::uint64_t;
using GenerationId = std::uint64_t;

inline constexpr NodeId kRoot = 1;  // has no text and no siblings, and is never trashed
inline constexpr NodeId kNoNode = 0;
inline constexpr GenerationId kNoGeneration = 0;

/// Who a piece of text is from.
enum class Origin : std::uint8_t { kTyped = 0, kModel = 1, kEdited = 2 };
/// "typed", "model", "edited".
std::string_view to_string(Origin origin);

/// A piece of a node's text, of one origin and generation.
struct Span {
  std::uint64_t bytes = 0;
  Origin origin = Origin::kTyped;
  GenerationId generation = kNoGeneration;
  bool operator==(const Span&) const = default;
};
using Spans = std::vector<Span>;  // none empty, neighbours differ, the sum is the text's size

/// How text of the model was made. Immutable once stored.
struct Generation {
  GenerationId id = kNoGeneration;
  std::string model;
  std::string params;  // JSON: those of `complete`, less the prefix
  std::uint64_t seed = 0;
  std::string prompt_hash;  // fnv1a_hex() of the prefix
  double mean_logprob = 0;  // nats a token
  std::string finish_reason;
  std::int64_t created_ms = 0;  // since 1970
};

/// A node as a row of the file.
struct Row {
  NodeId id = kNoNode;
  NodeId parent = kNoNode;  // kNoNode: the root
  std::int64_t rank = 0;    // among its siblings, ascending
  std::string text;         // any bytes
  Spans spans;
  std::string name;
  bool bookmarked = false;
  std::int64_t trashed_ms = 0;  // 0: not pruned itself (a node above it may be)
  NodeId chosen = kNoNode;      // the child that the manuscript last went on with
  std::int64_t created_ms = 0;
  std::int64_t modified_ms = 0;
};

struct Node : Row {
  Node* up = nullptr;
  std::vector<Node*> children;  // by rank, the trashed ones too
};

/// The node's text as a whole: edited where it is some of both.
Origin origin_of(const Row& row);
/// That of the first of its spans that has one.
GenerationId generation_of(const Row& row);

}  // namespace understory::story
