// What the stages before truncation do to single tokens at one position of a text. All other
// tokens stay as the model has them, which is what lets a partial list decide.
#pragma once

#include <optional>
#include <unordered_map>

#include "daemon/engine/samplers/distribution.h"

namespace understory::engine {

/// The new logit is (logit + bias), divided by `repeat` where above 0 and multiplied by it where
/// below, less `subtract`: never falling while the logit rises.
struct LogitEdit {
  float bias = 0;
  float repeat = 1;
  float subtract = 0;
  bool forbidden = false;

  /// -infinity where forbidden.
  float apply(float logit) const;
};

class LogitEdits {
 public:
  /// The token's edit, made where there was none.
  LogitEdit& at(tokenizer::TokenId token) { return edits_[token]; }
  bool empty() const { return edits_.empty(); }

  float apply(const model::Candidate& candidate) const;

  /// The distribution over the candidates that are not forbidden.
  Distribution of_all(std::span<const model::Candidate> candidates) const;
  /// The same from the likeliest tokens of a larger vocabulary, highest first, as far as they
  /// decide it: an edited token may fall behind unseen ones, and an unseen one may be edited.
  Distribution of_top(const model::TopLogits& top) const;

 private:
  float highest_unseen(const model::TopLogits& top) const;

  std::unordered_map<tokenizer::TokenId, LogitEdit> edits_;
};

}  // namespace understory::engine
