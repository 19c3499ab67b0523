// The log-probability of every token of a text, in the background of completions.
//
// A text longer than a window (the context, or half of the KV cache where that is less) is read
// in overlapping windows: each token has at least half a window of text before it. The first token
// is judged after the start token (BOS, else EOS, else a line break); where the model's texts carry
// no BOS, the others are judged without one, exactly as a completion after them would be.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "daemon/engine/background_job.h"

namespace understory::engine {

class ScoreJob : public BackgroundJob<ScoreListener, ScoreResult> {
 public:
  /// Tokenizes on the calling thread.
  static std::unique_ptr<ScoreJob> make(std::shared_ptr<Ticket> ticket, const ScoreParams& params,
                                        std::shared_ptr<ScoreListener> listener,
                                        const Context& context);

  void start(Context& context) override;
  Status add_rows(Step& step, std::uint32_t max_rows) override;
  void take_results() override;
  bool done() const override { return error_ || next_token_ == result_.tokens.size(); }
  void close(Context& context) override;

 private:
  ScoreJob(std::shared_ptr<Ticket> ticket, Need need, std::uint32_t top,
           std::shared_ptr<ScoreListener> listener, const Context& context);

  void begin_window();
  void score_next(std::uint32_t result);

  std::uint32_t top_;
  bool text_has_bos_;
  std::uint32_t max_positions_;
  tokenizer::TokenId start_token_;
  Context* context_ = nullptr;

  std::size_t next_token_ = 0;  // of result_, which has all tokens: the first without a logprob
  std::optional<Sequence> window_;
  std::uint32_t n_context_ = 0;  // tokens of the window whose results are not needed
  Step::Added added_;
  std::uint64_t n_computed_ = 0;
};

}  // namespace understory::engine
