// How well the text after the cursor follows a candidate: the only infill that a base model has.
//
// The text is read as prefix + candidate + the first part of the suffix, and the suffix's tokens
// are judged given all before them. The candidate is tokenized anew together with the suffix, so
// that the seam falls as the model is used to it; a token that spans the seam is judged whole.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/engine/context.h"
#include "daemon/engine/prompt.h"
#include "daemon/engine/step.h"

namespace understory::engine {

/// Tokens of the suffix that are judged at most.
inline constexpr std::uint32_t kMaxBridgeTokens = 32;

/// The first part of `suffix` that is judged: at most kMaxBridgeTokens tokens, whole words.
std::string bridge_head(std::string_view suffix, const tokenizer::Tokenizer& tokenizer);

/// The tokens of `text` in the middle of a text, where the tokenizer puts nothing before it.
std::vector<tokenizer::TokenId> encode_inside(std::string_view text,
                                              const tokenizer::Tokenizer& tokenizer);

/// What is to be read for one candidate, and which of it is judged.
struct BridgePlan {
  std::vector<tokenizer::TokenId> tokens;
  std::uint32_t first_judged = 0;  // index into tokens; at least 1
  std::uint32_t n_bytes = 0;       // that the judged tokens spell
};

/// `prompt`: tokens before the cursor. `middle`: bytes still to be healed and the candidate. What
/// exceeds max_positions is not judged; nullopt where nothing is left to judge.
std::optional<BridgePlan> plan_bridge(const std::vector<tokenizer::TokenId>& prompt,
                                      std::string_view middle, std::string_view head,
                                      const tokenizer::Tokenizer& tokenizer,
                                      std::uint32_t max_positions);

/// The branches' numbers, the best bridge first; those without a bridge last, as they come.
std::vector<std::uint32_t> bridge_order(const std::vector<std::optional<float>>& logprobs);

/// One candidate on its way through the model. Engine thread.
class BridgeRun {
 public:
  /// Reads what it can of the plan from the prefix cache.
  BridgeRun(Context& context, BridgePlan plan);

  /// Adds rows, as many as the step has room for. Where the KV cache has no room the run ends
  /// without a result.
  void add_rows(Step& step, std::uint32_t max_rows);
  void take_results();
  bool done() const { return failed_ || n_judged_ == n_to_judge(); }

  /// After done(): nats a byte, at most 0.
  std::optional<float> logprob() const;

 private:
  std::uint32_t n_to_judge() const {
    return static_cast<std::uint32_t>(plan_.tokens.size()) - plan_.first_judged;
  }

  Context& context_;
  BridgePlan plan_;
  Sequence sequence_;
  Step::Added added_;
  std::uint32_t n_judged_ = 0;
  double sum_ = 0;
  bool failed_ = false;
};

/// All candidates of a request.
class BridgeRuns {
 public:
  void add(Context& context, std::optional<BridgePlan> plan);
  void add_rows(Step& step, std::uint32_t max_rows);
  void take_results();
  bool done() const;
  /// In the order in which they were added.
  std::vector<std::optional<float>> logprobs() const;

 private:
  std::vector<std::unique_ptr<BridgeRun>> runs_;  // null: nothing to judge
};

}  // namespace understory::engine
