#include "daemon/engine/suggestions.h"

#include <algorithm>

namespace understory::engine {
namespace {

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t n = texts.size() * sizeof(std::string);
  for (const std::string& text : texts) n += text.size();
  return n;
}

/// Of all that a client may make long.
std::size_t bytes_of(const CompletionParams& params) {
  const SamplerParams& sampler = params.sampler;
  std::size_t n = params.suffix.size() + params.notes.size() + params.document.size() +
                  bytes_of(sampler.bans.phrases) + bytes_of(sampler.dry.breakers);
  for (const LorebookEntry& entry : params.lorebook)
    n += sizeof entry + entry.text.size() + bytes_of(entry.keys);
  for (const LogitBias& bias : sampler.logit_bias) n += sizeof bias + bias.text.size();
  return n;
}

/// What it takes in memory, about.
std::size_t bytes_of(const Suggestion& suggestion) {
  std::size_t n = sizeof suggestion + bytes_of(suggestion.key.params) +
                  suggestion.key.document.size() + suggestion.place.before.size() +
                  suggestion.branch.tokens.size() * sizeof(tokenizer::TokenId);
  for (const TokenResult& token : suggestion.branch.drawn) n += sizeof token + token.text.size();
  return n;
}

}  // namespace

std::optional<SuggestionKey> suggestion_key(ClientId client, const CompletionParams& params,
                                            std::vector<std::uint32_t> lorebook) {
  if (params.document.empty() || params.sampler.seed || params.n != 1 || params.top != 0 ||
      !params.prefetch)
    return std::nullopt;
  SuggestionKey key{client, params.document, params, std::move(lorebook)};
  key.params.prefix = {};
  key.params.prefix_offset = 0;
  return key;
}

CursorPlace CursorPlace::of(const CompletionParams& params) {
  const std::string& prefix = params.prefix;
  return {params.prefix_offset + prefix.size(),
          prefix.substr(prefix.size() - std::min(prefix.size(), kMaxBytes))};
}

std::optional<std::string> CursorPlace::typed_since(const CursorPlace& earlier) const {
  if (end <= earlier.end || end - earlier.end > before.size()) return std::nullopt;
  const auto n_typed = static_cast<std::size_t>(end - earlier.end);
  const std::string_view ahead = std::string_view(before).substr(0, before.size() - n_typed);
  const std::size_t n_known = std::min(ahead.size(), earlier.before.size());
  const auto last = [&](std::string_view text) { return text.substr(text.size() - n_known); };
  if (last(ahead) != last(earlier.before)) return std::nullopt;
  return before.substr(ahead.size());
}

void Suggestions::remember(Suggestion suggestion) {
  std::erase_if(all_, [&](const Suggestion& other) {
    return other.key.client == suggestion.key.client &&
           other.key.document == suggestion.key.document;
  });
  all_.push_front(std::move(suggestion));
  std::size_t n_bytes = 0;
  std::size_t n_kept = 0;
  for (const Suggestion& kept : all_) {
    n_bytes += bytes_of(kept);
    if (n_kept == kMaxSuggestions || n_bytes > kMaxBytes) break;
    ++n_kept;
  }
  all_.resize(n_kept);
}

std::optional<Suggestions::Match> Suggestions::take(const SuggestionKey& key,
                                                    const CursorPlace& place) {
  const auto found = std::find_if(all_.begin(), all_.end(),
                                  [&](const Suggestion& other) { return other.key == key; });
  if (found == all_.end()) return std::nullopt;
  const auto typed = place.typed_since(found->place);
  if (!typed) return std::nullopt;
  const std::string text = found->branch.text();
  const bool something_follows = typed->size() < text.size() || !found->branch.ended;
  if (!text.starts_with(*typed) || !something_follows) return std::nullopt;
  Match match{std::move(*found), typed->size()};
  all_.erase(found);
  match.rest.branch.type_through(typed->size());
  match.rest.place = place;
  return match;
}

void Suggestions::forget(ClientId client) {
  std::erase_if(all_, [&](const Suggestion& s) { return s.key.client == client; });
}

}  // namespace understory::engine
