// Weaving edited text into the tree: given what the manuscript is to say, decides which nodes
// change, which are begun, and what becomes a branch. README.md gives the rules in a writer's
// words; they are numbered there as here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/story/change.h"

namespace understory::story {

/// [offset, offset + length) of the manuscript becomes `text`.
struct Edit {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string text;
  Origin origin = Origin::kTyped;
  GenerationId generation = kNoGeneration;  // with Origin::kModel
};

/// A removed passage of at least this many bytes is kept in the trash.
inline constexpr std::size_t kPassageBytes = 256;
/// A node this large is not grown at its end: a new one is begun.
inline constexpr std::size_t kLargeNodeBytes = std::size_t{64} << 10;

/// A part of a text and where it is from.
struct Piece {
  std::string_view text;
  Origin origin = Origin::kTyped;
  GenerationId generation = kNoGeneration;
};
/// [offset, offset + length) of a text in pieces, in order.
using Pieces = std::function<std::vector<Piece>(std::size_t offset, std::size_t length)>;

/// Carries out edits, which must be in order and apart. Throws ErrorException (kInvalidArgument)
/// where one lies outside the manuscript.
void weave(Change& change, const std::vector<Edit>& edits);

/// Makes the manuscript, which is `manuscript` now, `text`: chooses the path that has it already,
/// or edits what differs. `anywhere`: another path that `text` goes on from may be chosen and gone
/// on with. `pieces` says where text that is new is from.
void weave_text(Change& change, std::string_view manuscript, std::string_view text, bool anywhere,
                const Pieces& pieces);

/// Puts a whole text below the root as a chain of nodes: one a chapter (Markdown headings of the
/// first and second level), large ones cut between paragraphs. Its last node, or the root.
const Node& plant(Change& change, NodeId parent, std::string_view text, const Pieces& pieces);

/// Splits a node at an offset inside it (0 < offset < size): the text before becomes a new node
/// above. That node.
const Node& split(Change& change, NodeId id, std::size_t offset);

/// Prunes a node: to the trash, or away where it is nothing that anybody would miss.
void prune(Change& change, NodeId id);

/// After the manuscript has left `left`: removes it where it is an empty leaf without a name.
void tidy(Change& change, NodeId left);

}  // namespace understory::story
