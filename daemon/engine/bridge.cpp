#include "daemon/engine/bridge.h"

#include <algorithm>
#include <numeric>

#include "base/utf8.h"
#include "daemon/engine/next_token.h"
#include "daemon/engine/utf8.h"
#include "daemon/engine/words.h"

namespace understory::engine {
namespace {

using tokenizer::TokenId;

/// Tokens of `text` less those that spell `mark` before it; nullopt where one spans the two.
std::optional<std::vector<TokenId>> encode_after(std::string_view mark, std::string_view text,
                                                 const tokenizer::Tokenizer& tokenizer) {
  const std::vector<TokenId> tokens = tokenizer.encode(std::string(mark) + std::string(text));
  std::size_t size = mark.size() + 1;  // and the space that the tokenizer puts first
  auto first = tokens.begin();
  while (first != tokens.end() && size > 0) {
    const std::size_t piece = tokenizer.piece(*first++).size();
    if (piece > size) return std::nullopt;
    size -= piece;
  }
  return std::vector<TokenId>(first, tokens.end());
}

/// The last place at or before `end` where no word is split; `end` where there is none.
std::size_t whole_words_end(std::string_view text, std::size_t end) {
  for (std::size_t at = end; at > 0; --at) {
    if (at == text.size()) return at;
    if (is_continuation(text[at])) continue;
    if (!in_one_word(code_point_before(text, at).value, code_point_at(text, at).value)) return at;
  }
  return end;
}

}  // namespace

std::vector<TokenId> encode_inside(std::string_view text, const tokenizer::Tokenizer& tokenizer) {
  if (!tokenizer.adds_space_prefix()) return tokenizer.encode(text);
  if (text.starts_with(' ')) return tokenizer.encode(text.substr(1));
  return encode_after("\n", text, tokenizer).value_or(tokenizer.encode(text));
}

std::string bridge_head(std::string_view suffix, const tokenizer::Tokenizer& tokenizer) {
  constexpr std::size_t kMaxBytes = 512;
  const std::string_view near = suffix.substr(
      0, whole_words_end(suffix.substr(0, kMaxBytes + 1), std::min(suffix.size(), kMaxBytes)));
  const std::vector<TokenId> tokens = encode_inside(near, tokenizer);
  std::size_t size = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(tokens.size(), kMaxBridgeTokens); ++i)
    size += tokenizer.piece(tokens[i]).size();
  return std::string(near.substr(0, whole_words_end(near, std::min(size, near.size()))));
}

std::optional<BridgePlan> plan_bridge(const std::vector<TokenId>& prompt, std::string_view middle,
                                      std::string_view head, const tokenizer::Tokenizer& tokenizer,
                                      std::uint32_t max_positions) {
  BridgePlan plan;
  plan.tokens = prompt;
  std::size_t offset = 0;  // of the token in middle + head
  for (const TokenId token : encode_inside(std::string(middle) + std::string(head), tokenizer)) {
    const std::size_t size = tokenizer.piece(token).size();
    if (plan.tokens.size() == max_positions) break;
    offset += size;
    if (offset > middle.size()) {
      if (plan.n_bytes == 0) plan.first_judged = static_cast<std::uint32_t>(plan.tokens.size());
      plan.n_bytes += static_cast<std::uint32_t>(size);
    }
    plan.tokens.push_back(token);
  }
  if (plan.n_bytes == 0) return std::nullopt;
  return plan;
}

std::vector<std::uint32_t> bridge_order(const std::vector<std::optional<float>>& logprobs) {
  std::vector<std::uint32_t> order(logprobs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return logprobs[a].has_value() && (!logprobs[b] || *logprobs[a] > *logprobs[b]);
  });
  return order;
}

BridgeRun::BridgeRun(Context& context, BridgePlan plan)
    : context_(context),
      plan_(std::move(plan)),
      // The last token's own row predicts nothing that is asked for.
      sequence_(context.kv, {plan_.tokens.begin(), plan_.tokens.end() - 1},
                plan_.first_judged - 1) {}

void BridgeRun::add_rows(Step& step, std::uint32_t max_rows) {
  added_ = {};
  auto added = step.add_judged(sequence_, plan_.first_judged - 1, max_rows);
  if (added.ok())
    added_ = *added;
  else
    failed_ = true;
}

void BridgeRun::take_results() {
  for (std::uint32_t i = 0; i < added_.n_results; ++i) {
    LogitsView view(context_.model, added_.first_result + i);
    sum_ += view.logprob(plan_.tokens[plan_.first_judged + n_judged_++]);
  }
}

std::optional<float> BridgeRun::logprob() const {
  if (failed_) return std::nullopt;
  return static_cast<float>(sum_ / plan_.n_bytes);
}

void BridgeRuns::add(Context& context, std::optional<BridgePlan> plan) {
  runs_.push_back(plan ? std::make_unique<BridgeRun>(context, *std::move(plan)) : nullptr);
}

void BridgeRuns::add_rows(Step& step, std::uint32_t max_rows) {
  for (const auto& run : runs_) {
    if (!run || run->done()) continue;
    const std::uint32_t rows_before = step.rows_left();
    run->add_rows(step, max_rows);
    max_rows -= std::min(max_rows, rows_before - step.rows_left());
  }
}

void BridgeRuns::take_results() {
  for (const auto& run : runs_)
    if (run && !run->done()) run->take_results();
}

bool BridgeRuns::done() const {
  return std::all_of(runs_.begin(), runs_.end(),
                     [](const auto& run) { return !run || run->done(); });
}

std::vector<std::optional<float>> BridgeRuns::logprobs() const {
  std::vector<std::optional<float>> logprobs;
  for (const auto& run : runs_) logprobs.push_back(run ? run->logprob() : std::nullopt);
  return logprobs;
}

}  // namespace understory::engine
