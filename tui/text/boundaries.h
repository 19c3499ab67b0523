// Words, sentences and paragraphs: where they begin and end.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "tui/text/text.h"

namespace understory::tui {

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;

  bool empty() const { return begin >= end; }
  std::size_t size() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

/// The end of the word at or after an offset; the beginning of the word before it.
std::size_t next_word(const Text& text, std::size_t offset);
std::size_t previous_word(const Text& text, std::size_t offset);
/// The word that touches an offset, apostrophes and hyphens inside included; empty where none.
Range word_at(const Text& text, std::size_t offset);

/// All words of some bytes, in order.
std::vector<Range> words_of(std::string_view bytes);

/// The beginning of the next sentence or paragraph; of this one, or the one before.
std::size_t next_sentence(const Text& text, std::size_t offset);
std::size_t previous_sentence(const Text& text, std::size_t offset);
Range sentence_at(const Text& text, std::size_t offset);

/// Paragraphs are lines that are not blank.
std::size_t next_paragraph(const Text& text, std::size_t offset);
std::size_t previous_paragraph(const Text& text, std::size_t offset);
Range paragraph_at(const Text& text, std::size_t offset);

/// How many bytes of a text make its first word, with the space before it; its first sentence,
/// with the spaces after it up to the next line. For taking suggestions in pieces.
std::size_t first_word_length(std::string_view bytes);
std::size_t first_sentence_length(std::string_view bytes);

}  // namespace understory::tui
