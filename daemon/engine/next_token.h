// One result of a step as the sampler wants it: the likeliest tokens read from the device
// first, all logits only where those do not decide.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "daemon/engine/sampler.h"
#include "daemon/model/model.h"

namespace understory::engine {

/// The model's distribution after one row. Valid until the model's next forward(), unless kept.
class LogitsView {
 public:
  LogitsView(model::Model& model, std::uint32_t result) : model_(model), result_(result) {}

  /// The min(kMaxTopK, vocabulary) likeliest, highest first, ties in order of id.
  /// Throws ErrorException where the device was lost.
  const model::TopLogits& top();
  /// Every token in order of id.
  const std::vector<model::Candidate>& all();
  tokenizer::TokenId likeliest() { return top().candidates[0].token; }
  double logsumexp() { return top().logsumexp; }
  /// log of the token's probability at temperature 1 over the whole vocabulary.
  float logprob(tokenizer::TokenId token);

  /// Reads all there is, so that the view stays valid.
  void keep() {
    top();
    all();
  }

  std::uint32_t vocab_size() const { return model_.info().vocab_size; }

 private:
  model::Model& model_;
  std::uint32_t result_;
  std::optional<model::TopLogits> top_;
  std::vector<model::Candidate> all_;
};

struct Drawn {
  tokenizer::TokenId token = 0;
  double surprise_bits = 0;  // with mirostat only: before truncation
};

/// What the sampler may draw there.
class NextToken {
 public:
  /// `history`: the tokens before it. With `allowed`, nothing else is drawn, and what is
  /// `forbidden` never. `mu` is the branch's, for mirostat.
  NextToken(LogitsView& view, const Sampler& sampler, std::span<const tokenizer::TokenId> history,
            std::optional<std::vector<tokenizer::TokenId>> allowed = std::nullopt,
            std::span<const tokenizer::TokenId> forbidden = {}, double mu = 0);

  /// The draw from the shaped distribution; greedily the likeliest. nullopt where nothing is
  /// left to draw.
  std::optional<Drawn> pick(const Draw& draw);
  /// The rank-th likeliest (from 0) before shaping; the last one where there are fewer.
  std::optional<Drawn> likeliest(std::uint32_t rank);

 private:
  const Distribution& shaped(bool with_xtc);
  std::optional<Distribution> shape_top(bool with_xtc);
  /// What the device's likeliest tokens say, edited and unshaped: of the allowed ones, if only
  /// some are, so that a long list of them costs no look at every logit where these decide.
  Distribution head();
  /// From every logit, edited and unshaped.
  const Distribution& everything();

  LogitsView& view_;
  const Sampler& sampler_;
  LogitEdits edits_;
  std::optional<std::vector<tokenizer::TokenId>> allowed_;
  double mu_;
  std::optional<Distribution> shaped_[2];  // without and with XTC
  std::optional<Distribution> everything_;
};

}  // namespace understory::engine
