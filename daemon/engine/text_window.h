// Places in a text where a part of it may begin: where old text is dropped, where notes are put
// in. A place is chosen by what is written just before it and not by how far it is from either
// end. While a text grows, or a client sends a last part that begins elsewhere each time, the
// same place stays the best one until it leaves the range of allowed places or a better one
// enters. So the prompt's beginning changes a few times in a range's length, not at every key,
// and no state is kept: the same request always gives the same prompt.
//
// (The idea is that of content-defined chunking: of the boundaries in a range, the one whose
// surroundings have the smallest hash.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace understory::engine {

/// Bytes before a place that decide about it. A range should begin this far inside a text whose
/// own beginning moves.
inline constexpr std::size_t kAnchorBytes = 64;

/// The best place to begin a text in [from, to]: after a blank line, else a line break, else a
/// sentence, else at a space (which stays with its word), else at any character; of several of
/// one kind the one chosen as said above.
std::size_t find_text_start(std::string_view text, std::size_t from, std::size_t to);

/// Where to put notes in so that at least `depth` paragraphs follow them, and about twice as
/// many at most: a paragraph's beginning; 0 where the text is shorter than that. Paragraphs end
/// at blank lines, or at line breaks where the last kMaxDepthBytes have no blank line. Never
/// further back than kMaxDepthBytes: where the paragraphs are longer than that, the best place
/// between half of it and all of it.
std::size_t find_insertion_place(std::string_view text, std::uint32_t depth);
inline constexpr std::size_t kMaxDepthBytes = 4096;

}  // namespace understory::engine
