// One result of a step as the sampler wants it: the likeliest tokens read from the device
// first, all logits only where those do not decide.
#pragma once

#include <optional>
#include <vector>

#include "daemon/engine/sampler.h"
#include "daemon/model/model.h"

namespace understory::engine {

/// The model's distribution after one row. Valid until the model's next forward().
class LogitsView {
 public:
  LogitsView(model::Model& model, std::uint32_t result) : model_(model), result_(result) {}

  /// The min(kMaxTopK, vocabulary) likeliest, highest first, ties in order of id.
  /// Throws ErrorException where the device was lost.
  const model::TopLogits& top();
  /// Every token in order of id.
  const std::vector<model::Candidate>& all();
  double logsumexp() { return top().logsumexp; }
  /// log of the token's probability at temperature 1 over the whole vocabulary.
  float logprob(tokenizer::TokenId token);

  std::uint32_t vocab_size() const { return model_.info().vocab_size; }

 private:
  model::Model& model_;
  std::uint32_t result_;
  std::optional<model::TopLogits> top_;
  std::vector<model::Candidate> all_;
};

/// What the sampler may draw there.
class NextToken {
 public:
  /// With `allowed`, nothing else is drawn.
  NextToken(LogitsView& view, const SamplerParams& params,
            std::optional<std::vector<tokenizer::TokenId>> allowed = std::nullopt);

  /// The token at u in [0, 1) of the shaped distribution.
  tokenizer::TokenId pick(double u);
  /// The rank-th likeliest (from 0) before shaping; the last one where there are fewer.
  tokenizer::TokenId likeliest(std::uint32_t rank);

 private:
  const Distribution& shaped();
  Distribution everything();

  LogitsView& view_;
  const SamplerParams& params_;
  std::optional<std::vector<tokenizer::TokenId>> allowed_;
  std::optional<Distribution> shaped_;
};

}  // namespace understory::engine
