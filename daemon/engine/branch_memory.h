// What is kept of a branch that has ended, so that it can go on where it was: its tokens and the
// state of its draws. It holds nothing of the KV cache; what is still cached there is found again
// by the tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/engine/engine.h"

namespace understory::engine {

struct BranchMemory {
  std::vector<tokenizer::TokenId> tokens;  // prompt, then every token drawn
  std::vector<TokenResult> drawn;          // texts: what each added; healed bytes are left out
  std::size_t n_shown = 0;                 // bytes of them that were suggested; more were drawn
                                           // where a stop rule cut or the engine thought ahead
  FinishReason reason = FinishReason::kCancelled;  // why no more was suggested
  bool ended = false;                              // nothing can be drawn after these tokens
  std::uint64_t seed = 0;
  std::uint64_t n_draws = 0;
  double mu = 0;  // of mirostat

  /// All that was drawn.
  std::string text() const;
  /// False where the suggestion ended for a reason of its own, which holds when its beginning
  /// has been typed; true where it was only not given more time or tokens.
  bool was_cut_short() const;
  /// The branch as it is after the text's first n bytes have been typed.
  void type_through(std::size_t n);
};

}  // namespace understory::engine
