#include "daemon/engine/prompt.h"

#include <algorithm>

namespace understory::engine {
namespace {

using tokenizer::TokenId;

/// No usual text has more bytes a token than this; what lies further back is not encoded.
constexpr std::size_t kMaxBytesPerToken = 8;
constexpr std::size_t kTailBytes = 1024;

/// The first multiple of `step` from which at most `room` of `size` remain.
std::size_t first_kept(std::size_t size, std::size_t room, std::size_t step) {
  return size <= room ? 0 : (size - room + step - 1) / step * step;
}

std::uint32_t prompt_room(std::uint32_t max_positions, std::uint32_t max_tokens) {
  // A fixed quarter stays free for usual requests, so that a word and a paragraph asked for in
  // turn do not move the beginning of the prompt.
  const std::uint32_t for_text =
      std::max(max_positions / 4, std::min(max_tokens, max_positions / 2));
  return max_positions - for_text;
}

std::string_view drop_far_text(std::string_view text, std::size_t room) {
  const std::size_t max_bytes = room * kMaxBytesPerToken;
  const std::size_t step = std::max<std::size_t>(max_bytes / 4, 1);
  const std::size_t from = first_kept(text.size(), max_bytes, step);
  if (from == 0) return text;
  return text.substr(find_text_start(text, from, std::min(text.size(), from + step / 2)));
}

/// Index of the first token to keep.
std::size_t drop_old_tokens(std::span<const TokenId> tokens, std::size_t room,
                            const tokenizer::Tokenizer& tokenizer) {
  const std::size_t step = std::max<std::size_t>(room / 4, 1);
  const std::size_t from = first_kept(tokens.size(), room, step);
  if (from == 0) return 0;
  std::string text;
  std::vector<std::size_t> offsets;
  const std::size_t to = std::min(tokens.size() - 1, from + step / 2);
  // The token before is looked at as well: a boundary is seen by what precedes it.
  for (std::size_t i = from - 1; i < to; ++i) {
    offsets.push_back(text.size());
    text += tokenizer.piece(tokens[i]);
  }
  if (offsets.size() < 2) return from;
  const std::size_t start = find_text_start(text, offsets[1], text.size());
  const auto first = std::lower_bound(offsets.begin() + 1, offsets.end(), start);
  return from - 1 + static_cast<std::size_t>(first - offsets.begin());
}

std::size_t after_last_match(std::string_view text, std::string_view mark, std::size_t from,
                             std::size_t to) {
  const std::size_t begin = from - std::min(from, mark.size());
  const std::size_t at = text.find(mark, begin);
  return at == std::string_view::npos || at + mark.size() > to ? std::string_view::npos
                                                               : at + mark.size();
}

}  // namespace

std::size_t find_text_start(std::string_view text, std::size_t from, std::size_t to) {
  for (const std::string_view mark : {"\n\n", "\n", ". ", "? ", "! ", " "}) {
    std::size_t at = after_last_match(text, mark, from, to);
    if (at == std::string_view::npos || at < from || at >= text.size()) continue;
    // A word keeps the space before it, as its token has it.
    return mark.ends_with(' ') && at > from ? at - 1 : at;
  }
  while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80) ++from;
  return from;
}

TokenId start_token(const tokenizer::Tokenizer& tokenizer) {
  if (tokenizer.bos()) return *tokenizer.bos();
  if (tokenizer.eos()) return *tokenizer.eos();
  const auto line_break = tokenizer.encode("\n");
  return line_break.empty() ? 0 : line_break[0];
}

Prompt plan_prompt(const CompletionParams& params, const tokenizer::Tokenizer& tokenizer,
                   const Healing& healing, std::uint32_t max_positions) {
  Prompt prompt;
  const std::string_view prefix = params.prefix;
  prompt.tail = prefix.substr(prefix.size() - std::min(prefix.size(), kTailBytes));

  const std::size_t room = prompt_room(max_positions, params.stop.max_tokens) - 1;
  const std::string_view text = drop_far_text(prefix, room);
  const std::vector<TokenId> encoded = tokenizer.encode(text);
  const std::size_t first = drop_old_tokens(encoded, room, tokenizer);
  const auto kept = std::span(encoded).subspan(first);
  const std::size_t far_bytes = prefix.size() - text.size();
  const double bytes_per_token =
      encoded.empty() ? 1 : static_cast<double>(text.size()) / encoded.size();
  prompt.dropped_tokens = static_cast<std::uint32_t>(first + far_bytes / bytes_per_token);

  HealingCut cut{kept.size(), {}};
  if (params.healing) cut = healing.cut(kept);
  prompt.to_heal = std::move(cut.removed);
  if (tokenizer.adds_bos() || cut.n_kept == 0) prompt.tokens.push_back(start_token(tokenizer));
  prompt.tokens.insert(prompt.tokens.end(), kept.begin(), kept.begin() + cut.n_kept);
  return prompt;
}

}  // namespace understory::engine
