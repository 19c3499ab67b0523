// Characters as a reader sees them: grapheme clusters, their width in terminal columns, and
// character classes. Wrong bytes are clusters of their own, one byte each.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace understory::tui {

class Text;

struct Decoded {
  char32_t code_point = 0xFFFD;
  std::size_t length = 1;  // bytes; 1 where the byte is wrong
  bool is_valid = false;
};

/// The character at a byte, `at` < size.
Decoded decode_utf8(std::string_view bytes, std::size_t at);
void append_utf8(std::string& out, char32_t code_point);
bool is_valid_utf8(std::string_view bytes);

bool is_word_character(char32_t c);  // letters, digits, marks
bool is_space(char32_t c);           // that a line may break at: not the no-break spaces
bool is_upper(char32_t c);
/// Case folded for comparing, character by character.
char32_t fold_case(char32_t c);

/// Columns of one code point: 0, 1 or 2; control characters 0.
int column_width(char32_t c);

/// True for what only changes the emoji before it: the parts behind a joiner, skin tones.
bool is_joined_emoji(char32_t before, char32_t c);

struct Cluster {
  std::size_t length = 0;  // bytes
  int width = 0;           // columns; a tab's and a line end's is 0
};

/// The grapheme cluster that begins at `at` < size. "\r\n" is one.
///
/// Width is the sum over its spacing code points, but an emoji joined from several, or with a skin
/// tone, is as wide as its first: terminals disagree about those, so only the first is drawn.
/// Control characters are 2 wide ("^X"), wrong bytes 1.
Cluster cluster_at(std::string_view bytes, std::size_t at);

/// Cluster boundaries in a text. next_cluster(size()) is size(), previous_cluster(0) is 0.
std::size_t next_cluster(const Text& text, std::size_t offset);
std::size_t previous_cluster(const Text& text, std::size_t offset);

/// Columns of a line of text, tabs as one.
int display_width(std::string_view bytes);
/// The longest beginning of at most so many columns.
std::string_view clip_to_width(std::string_view bytes, int columns);

}  // namespace understory::tui
