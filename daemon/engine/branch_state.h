// One branch of a completion while it grows: its tokens in the KV cache, the bytes still to be
// healed, its text, and where it stops.
//
// A token that completes a banned phrase is not taken. The branch goes back to the token in which
// the phrase begins (to its first one where that is before the cursor), forbids that token there
// and draws again. Text that may yet become a banned phrase is held back, from the beginning of
// such a token on, so that what was emitted is never taken back.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/engine/ban_scan.h"
#include "daemon/engine/branch_memory.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/healing_path.h"
#include "daemon/engine/next_token.h"
#include "daemon/engine/opening.h"
#include "daemon/engine/sequence.h"
#include "daemon/engine/text_rules.h"
#include "daemon/engine/utf8_stream.h"

namespace understory::engine {

/// What all branches of a request share. Outlives them.
struct BranchRules {
  const CompletionParams* params = nullptr;
  const tokenizer::Tokenizer* tokenizer = nullptr;
  const Healing* healing = nullptr;
  const Sampler* sampler = nullptr;
  std::uint32_t max_positions = 0;
  TextRules text{};
  std::optional<BanScan> bans{};  // after the prefix; absent where nothing is banned
  OwnSpelling spelling{};         // of the bytes to heal
};

/// The likeliest `n` tokens of a row, as results report them.
std::vector<TopToken> top_tokens(LogitsView& view, std::uint32_t n,
                                 const tokenizer::Tokenizer& tokenizer);

class BranchState {
 public:
  using Emit = std::function<void(std::string text)>;

  BranchState(const BranchRules& rules, Sequence sequence, std::uint64_t seed, std::string to_heal,
              Emit emit);

  /// Goes on where a branch was: takes what it drew until a rule ends it. `sequence` has the
  /// memory's tokens.
  BranchState(const BranchRules& rules, Sequence sequence, BranchMemory memory, Emit emit);

  using Allowed = std::optional<std::vector<tokenizer::TokenId>>;

  /// Takes the branch's next draw from `view` among those `allowed`; nullopt: nothing is left.
  void accept(std::optional<Drawn> drawn, LogitsView& view, const Allowed& allowed);
  /// Draws and takes the next token.
  void step(LogitsView& view);

  /// Ends the branch; text that was held back and is no junk is emitted. No effect on one that
  /// has ended.
  void finish(FinishReason reason);
  bool finished() const { return finish_reason_.has_value(); }

  /// Nothing is emitted before this.
  void release();
  /// Instead of release(), after finish(): the branch ends with nothing to show.
  void suppress(Suppressed reason) { suppressed_ = reason; }
  /// What it says, junk or not.
  Opening opening() const;

  Sequence& sequence() { return sequence_; }
  std::uint32_t n_pending() const { return sequence_.n_pending(); }
  /// So far.
  std::uint32_t n_tokens() const { return static_cast<std::uint32_t>(tokens_.size()); }
  bool has_text() const { return !suppressed_ && !text_.empty(); }

  /// What is needed to go on later; nullopt while the prefix is being healed and for what is
  /// not shown.
  std::optional<BranchMemory> memory() const;
  std::uint64_t n_draws() const { return n_draws_; }
  /// Whether the end of the prefix is still to be spelled.
  bool is_healing() const { return !to_heal_.empty(); }

  /// After finish().
  Branch result() const;

 private:
  /// The branch before one of its tokens, to go back to.
  struct Mark {
    tokenizer::TokenId token = 0;
    std::uint32_t n_sequence = 0;  // tokens
    std::size_t n_bytes = 0;       // of its text
    std::size_t n_text = 0;        // of those, in whole characters
    std::size_t n_tokens = 0;
    std::size_t n_drawn = 0;
    std::size_t n_safe = 0;
    std::string to_heal;
    Utf8Stream characters;
    TextWatch watch;
    double mu = 0;
  };
  using Position = std::size_t;  // index into trail_; its size: the next token

  std::optional<Drawn> draw(LogitsView& view, const Allowed& allowed);
  std::optional<Position> find_ban(tokenizer::TokenId token);
  Position position_of(std::ptrdiff_t byte) const;
  bool forbid(Position position, tokenizer::TokenId token);
  void go_back_to(Position position);
  void go_back_one();

  void take(const Drawn& drawn, LogitsView& view);
  /// What of the text no ban can take back.
  std::size_t lasting() const;
  void replay(const BranchMemory& memory);
  void add_token(TokenResult token);
  void add_text(std::string_view bytes);
  void finish_at(std::size_t end, FinishReason reason);
  void cut(std::size_t end);
  void emit_up_to(std::size_t end);
  void drop_tokens_after(std::size_t end);

  const BranchRules& rules_;
  Sequence sequence_;
  std::uint64_t seed_;
  std::string to_heal_;
  Emit emit_;

  std::uint64_t n_draws_ = 0;
  double mu_;  // of mirostat
  Utf8Stream characters_;
  std::string text_;         // whole characters
  std::size_t n_bytes_ = 0;  // of the tokens' texts: with the beginning of the next character
  TextWatch watch_;
  std::size_t n_safe_ = 0;  // of text_, may be emitted
  std::size_t n_emitted_ = 0;
  std::optional<BanScan> bans_;
  std::vector<Mark> trail_;                                 // with bans only
  std::vector<std::vector<tokenizer::TokenId>> forbidden_;  // by position, up to the next token
  std::uint32_t n_refused_ = 0;
  bool released_ = false;
  std::vector<TokenResult> tokens_;  // of text_
  std::vector<TokenResult> drawn_;   // all
  std::optional<FinishReason> finish_reason_;
  std::optional<Suppressed> suppressed_;
};

}  // namespace understory::engine
