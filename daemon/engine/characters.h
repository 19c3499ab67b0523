// The kinds of characters that stop rules and healing ask about.
#pragma once

namespace understory::engine {

bool is_space(char32_t c);       // white space, line breaks included
bool is_closer(char32_t c);      // quotes and brackets that may close after a sentence
bool is_terminator(char32_t c);  // . ! ? and the ellipsis
bool is_cjk_terminator(char32_t c);
bool is_cjk_letter(char32_t c);  // written without spaces: ideographs and kana
bool is_cjk_punctuation(char32_t c);
bool is_unspaced_letter(char32_t c);  // of a word that another may follow without a space
bool is_joining_dash(char32_t c);     // en and em dashes
bool is_lower(char32_t c);
bool is_upper(char32_t c);
bool is_letter(char32_t c);          // also anything past Latin that is not punctuation or space
bool is_alphanumeric(char32_t c);    // a letter, a mark or a number of any script
bool is_word_character(char32_t c);  // a letter, a digit or an apostrophe
char32_t to_lower(char32_t c);       // itself where it has no lower case

}  // namespace understory::engine
