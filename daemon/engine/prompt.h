// From the text before the cursor to the tokens that the model reads: start token, notes, oldest
// text dropped where the context is too short, lorebook entries, last word taken back for
// healing.
//
//   [start] [notes] oldest text in use ... [notes, lorebook at their depth] ... newest text
//
// What changes often stands late, so that what is before it stays in the KV cache. Notes never
// change by themselves and stand first. Lorebook entries come and go with the text: they stand a
// few paragraphs before the end, where a change costs the prefill of those paragraphs and not of
// everything; and the room they may take is kept free for them whether or not they are in play,
// so that one that comes does not move the place where old text is dropped.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/healing.h"

namespace understory::engine {

struct Prompt {
  std::vector<tokenizer::TokenId> tokens;  // never empty
  std::string to_heal;                     // bytes that the first generated tokens must spell
  std::uint32_t n_to_heal = 0;             // tokens that spelled them
  std::uint32_t dropped_tokens = 0;        // estimated where more text was dropped than was encoded
  std::string tail;                        // last bytes of the prefix, for text rules
  ContextUse context;
};

/// `max_positions`: of a sequence, prompt and generated tokens together; 8 or more.
/// Old text goes at a paragraph's beginning (else a line's, a sentence's, a word's) so that
/// three quarters to all of the room for text are filled; text_window.h says how that place
/// stays the same while a text grows. Pure: the same request gives the same prompt.
/// kInvalidArgument where the notes take more than half of the prompt's room.
Result<Prompt> plan_prompt(const CompletionParams& params, const tokenizer::Tokenizer& tokenizer,
                           const Healing& healing, std::uint32_t max_positions);

/// What the model reads before the first token of a text: BOS, else EOS, else a line break.
tokenizer::TokenId start_token(const tokenizer::Tokenizer& tokenizer);

}  // namespace understory::engine
