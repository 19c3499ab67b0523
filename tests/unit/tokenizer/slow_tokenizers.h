// The rules of the tokenizers in their plainest form: strings, quadratic time, nothing shared
// with the real ones.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/tokenizer/vocabularies.h"

namespace understory::test {

/// GPT-2's words, for text of ASCII, the letters é and 中, and bytes that are no UTF-8.
std::vector<std::string> slow_gpt2_words(const std::string& text);

/// Byte-pair encoding of one word: the first merge in the list that applies anywhere is applied
/// at its leftmost place, until none applies.
std::vector<std::string> slow_merge(const std::string& word,
                                    const std::vector<std::string>& merges);

/// SentencePiece without a space prefix; the result's elements are token texts.
std::vector<std::string> slow_sentencepiece(const std::string& text,
                                            const std::vector<Token>& tokens);

}  // namespace understory::test
