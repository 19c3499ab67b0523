// From the text before the cursor to the tokens that the model reads: start token, oldest text
// dropped where the context is too short, last word taken back for healing.
#pragma once

#include <string>
#include <vector>

#include "daemon/engine/engine.h"
#include "daemon/engine/healing.h"

namespace understory::engine {

struct Prompt {
  std::vector<tokenizer::TokenId> tokens;  // never empty
  std::string to_heal;                     // bytes that the first generated tokens must spell
  std::uint32_t dropped_tokens = 0;        // estimated where more text was dropped than was encoded
  std::string tail;                        // last bytes of the prefix, for text rules
};

/// `max_positions`: of a sequence, prompt and generated tokens together; 8 or more.
/// Old text goes in steps of a quarter of the prompt's room, at a paragraph's beginning (else
/// a line's, a sentence's, a word's), counted from the beginning of the prefix: while a text
/// grows at its end, the prompt keeps its beginning for many requests and stays cached.
Prompt plan_prompt(const CompletionParams& params, const tokenizer::Tokenizer& tokenizer,
                   const Healing& healing, std::uint32_t max_positions);

/// What the model reads before the first token of a text: BOS, else EOS, else a line break.
tokenizer::TokenId start_token(const tokenizer::Tokenizer& tokenizer);

/// The best place to begin a text at or after `from`, before `to`: after a blank line, a line
/// break, a sentence, a space, else `from` moved to a character's beginning.
std::size_t find_text_start(std::string_view text, std::size_t from, std::size_t to);

}  // namespace understory::engine
