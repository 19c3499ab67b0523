#include "daemon/engine/samplers/dry.h"

#include <algorithm>
#include <cmath>

namespace understory::engine {

using tokenizer::TokenId;

void Dry::edit(std::span<const TokenId> history, const tokenizer::Tokenizer& tokenizer,
               LogitEdits& edits) const {
  if (params_.multiplier <= 0) return;
  const auto tokens = history.last(std::min<std::size_t>(history.size(), params_.window));
  const std::vector<bool> breaks = find_breakers(tokens, tokenizer);
  const auto lengths = repetition_lengths(tokens, breaks);
  std::unordered_map<TokenId, std::uint32_t> longest;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (breaks[i] || lengths[i] < params_.allowed_length) continue;
    std::uint32_t& length = longest[tokens[i]];
    length = std::max(length, lengths[i]);
  }
  constexpr double kMaxPenalty = 1e6;
  for (const auto& [token, length] : longest) {
    const double penalty =
        params_.multiplier * std::pow(params_.base, length - params_.allowed_length);
    edits.at(token).subtract += static_cast<float>(std::min(penalty, kMaxPenalty));
  }
}

std::vector<bool> Dry::find_breakers(std::span<const TokenId> tokens,
                                     const tokenizer::Tokenizer& tokenizer) const {
  std::vector<bool> breaks(tokens.size(), false);
  std::string text;
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokenizer.is_control(tokens[i])) breaks[i] = true;
    text += tokenizer.piece(tokens[i]);
    ends.push_back(text.size());
  }
  // A breaker may run over several tokens; each that has a byte of it counts.
  for (const std::string& breaker : params_.breakers) {
    for (std::size_t at = text.find(breaker); at != std::string::npos;
         at = text.find(breaker, at + 1)) {
      const auto first = std::upper_bound(ends.begin(), ends.end(), at) - ends.begin();
      for (auto i = static_cast<std::size_t>(first);
           i < ends.size() && (i == 0 ? 0 : ends[i - 1]) < at + breaker.size(); ++i)
        breaks[i] = true;
    }
  }
  return breaks;
}

std::vector<std::uint32_t> repetition_lengths(std::span<const TokenId> tokens,
                                              const std::vector<bool>& breaks) {
  // The Z function of the reversed text: z[k] is how far the text read backwards from k tokens
  // before its end agrees with the text read backwards from its end.
  const std::size_t n = tokens.size();
  const auto reversed = [&](std::size_t i) { return tokens[n - 1 - i]; };
  std::vector<std::uint32_t> z(n, 0);
  std::size_t left = 0;
  std::size_t right = 0;
  for (std::size_t k = 1; k < n; ++k) {
    if (k < right) z[k] = std::min(static_cast<std::uint32_t>(right - k), z[k - left]);
    while (k + z[k] < n && reversed(z[k]) == reversed(k + z[k])) ++z[k];
    if (k + z[k] > right) left = k, right = k + z[k];
  }
  const auto last_break = std::find(breaks.rbegin(), breaks.rend(), true);
  const auto unbroken = static_cast<std::uint32_t>(last_break - breaks.rbegin());
  std::vector<std::uint32_t> lengths(n, 0);
  for (std::size_t i = 1; i < n; ++i) lengths[i] = std::min(z[n - i], unbroken);
  return lengths;
}

}  // namespace understory::engine
