#include "cli/measure.h"

#include <algorithm>
#include <array>
#include <random>
#include <string_view>
#include <utility>

#include "cli/request.h"

namespace understory::cli {
namespace {

constexpr std::array<std::string_view, 48> kWords{
    "the",    "old",  "house",   "and",    "river",  "she",  "walked", "slowly", "under",  "grey",
    "light",  "of",   "morning", "while",  "a",      "bell", "rang",   "far",    "away",   "in",
    "town",   "he",   "had",     "never",  "seen",   "such", "quiet",  "water",  "before", "door",
    "stood",  "open", "but",     "nobody", "came",   "to",   "close",  "it",     "again",  "winter",
    "letter", "hand", "window",  "stone",  "garden", "road", "night",  "voice"};

constexpr std::size_t kDecodePromptTokens = 16;
constexpr int kDecodeTries = 5;

std::string random_words(std::size_t n) {
  static std::mt19937_64 random{std::random_device{}()};
  std::uniform_int_distribution<std::size_t> pick(0, kWords.size() - 1);
  std::string text;
  for (std::size_t i = 0; i < n; ++i) text.append(i == 0 ? "" : " ").append(kWords[pick(random)]);
  return text;
}

protocol::CompleteParams plain_request(std::string prefix, std::uint32_t max_tokens) {
  protocol::CompleteParams params;
  params.prefix = std::move(prefix);
  params.max_tokens = max_tokens;
  params.healing = false;
  params.stream = false;
  return params;
}

Result<protocol::CompleteResult> complete(protocol::Client& client,
                                          const protocol::CompleteParams& params) {
  Result<protocol::CompleteResult> result = call_interruptibly(client, params);
  if (is_interrupted()) return Error{ErrorCode::kCancelled, "interrupted"};
  return result;
}

}  // namespace

Result<std::string> make_unique_prompt(protocol::Client& client, std::size_t n_tokens) {
  protocol::TokenizeParams params;
  params.text = random_words(n_tokens);  // a word is at least one token
  params.pieces = true;
  Result<protocol::TokenizeResult> tokens = client.call(params);
  if (!tokens) return tokens.error();
  if (!tokens->pieces) return Error{ErrorCode::kInternal, "the daemon gave no token texts"};
  std::string text;
  const std::size_t n = std::min(n_tokens, tokens->pieces->size());
  for (std::size_t i = 0; i < n; ++i) text += (*tokens->pieces)[i];
  return text;
}

Result<Prefill> measure_prefill(protocol::Client& client, std::size_t n_tokens) {
  Result<std::string> prompt = make_unique_prompt(client, n_tokens);
  if (!prompt) return prompt.error();
  const protocol::CompleteParams params = plain_request(*std::move(prompt), 1);
  Result<protocol::CompleteResult> cold = complete(client, params);
  if (!cold) return cold.error();
  Result<protocol::CompleteResult> warm = complete(client, params);
  if (!warm) return warm.error();
  const protocol::Timings& t = cold->timings;
  Prefill prefill;
  if (t.prefill_ms > 0) prefill.tok_s = 1e3 * (t.prompt_tokens - t.cached_tokens) / t.prefill_ms;
  prefill.ttft_cold_ms = t.ttft_ms;
  prefill.ttft_warm_ms = warm->timings.ttft_ms;
  return prefill;
}

Result<double> measure_decode(protocol::Client& client, std::uint32_t n_tokens) {
  for (int i = 0; i < kDecodeTries; ++i) {
    Result<std::string> prompt = make_unique_prompt(client, kDecodePromptTokens);
    if (!prompt) return prompt.error();
    Result<protocol::CompleteResult> result =
        complete(client, plain_request(*std::move(prompt), n_tokens));
    if (!result) return result.error();
    // A text that the model ends early is too short to measure.
    const bool is_long =
        !result->branches.empty() && result->branches[0].tokens.size() >= n_tokens / 2;
    if (is_long) return result->timings.decode_tok_s;
  }
  return Error{ErrorCode::kUnavailable,
               "the model ends every text after a few tokens, so its speed cannot be measured"};
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace understory::cli
