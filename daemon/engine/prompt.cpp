#include "daemon/engine/prompt.h"

#include <algorithm>
#include <span>

#include "daemon/engine/lorebook.h"
#include "daemon/engine/text_window.h"

namespace understory::engine {
namespace {

using tokenizer::TokenId;
using Tokens = std::vector<TokenId>;

/// No usual text has more bytes a token than this; what lies further back is not encoded.
constexpr std::size_t kMaxBytesPerToken = 8;
/// A last word in the making has rarely more tokens than this.
constexpr std::size_t kMaxLastWordTokens = 16;
constexpr std::size_t kTailBytes = 1024;

std::uint32_t prompt_room(std::uint32_t max_positions, std::uint32_t max_tokens) {
  // A fixed quarter stays free for usual requests, so that a word and a paragraph asked for in
  // turn do not move the beginning of the prompt.
  const std::uint32_t for_text =
      std::max(max_positions / 4, std::min(max_tokens, max_positions / 2));
  return max_positions - for_text - 1;  // one for the start token
}

/// The tokens of a text that follows a line break. A tokenizer that puts a space before every
/// text is not to do so in the middle of a prompt.
Tokens encode_after_break(const tokenizer::Tokenizer& tokenizer, std::string_view text) {
  if (!tokenizer.adds_space_prefix() || text.empty()) return tokenizer.encode(text);
  constexpr std::string_view kBefore = " \n";
  Tokens tokens = tokenizer.encode(std::string(kBefore.substr(1)) + std::string(text));
  std::size_t n_bytes = 0;
  auto first = tokens.begin();
  while (first != tokens.end() && n_bytes < kBefore.size())
    n_bytes += tokenizer.piece(*first++).size();
  if (n_bytes != kBefore.size()) return tokenizer.encode(text);
  return {first, tokens.end()};
}

std::string_view without_trailing_space(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

/// The part of the prefix that is in use, in tokens, and where each begins in the prefix.
struct TextInUse {
  Tokens tokens;
  std::vector<std::size_t> offsets;
  std::size_t begin = 0;         // byte of the prefix
  std::size_t n_far_bytes = 0;   // dropped without being encoded
  std::size_t n_tokens_cut = 0;  // of those that were encoded
  double bytes_per_token = 1;

  /// The token that holds the byte at `place`.
  std::size_t token_at(std::size_t place) const {
    const auto after = std::upper_bound(offsets.begin(), offsets.end(), place);
    return after == offsets.begin() ? 0 : static_cast<std::size_t>(after - offsets.begin()) - 1;
  }
};

/// Drops what no context could hold, without encoding it.
std::size_t drop_far_text(std::string_view prefix, std::size_t room) {
  const std::size_t max_bytes = room * kMaxBytesPerToken;
  if (prefix.size() <= max_bytes) return 0;
  const std::size_t from = prefix.size() - max_bytes;
  return find_text_start(prefix, std::max(from, kAnchorBytes), from + max_bytes / 4);
}

std::vector<std::size_t> offsets_of(const Tokens& tokens, std::size_t end,
                                    const tokenizer::Tokenizer& tokenizer) {
  // From the end, since the first token may hold a space that the text has not.
  std::vector<std::size_t> offsets(tokens.size());
  for (std::size_t i = tokens.size(), at = end; i-- > 0;) {
    at -= std::min(at, tokenizer.piece(tokens[i]).size());
    offsets[i] = at;
  }
  return offsets;
}

/// How many tokens to count on. While a word is typed its tokens come and go; counted one by one
/// they would move the window's beginning to and fro.
std::size_t steady_count(std::string_view prefix, const std::vector<std::size_t>& offsets,
                         std::size_t room) {
  const std::size_t last_space = prefix.find_last_of(" \n");
  if (last_space == std::string_view::npos) return offsets.size();
  const auto last_word = std::upper_bound(offsets.begin(), offsets.end(), last_space);
  const auto n_before = static_cast<std::size_t>(last_word - offsets.begin());
  return std::max(n_before + std::min(kMaxLastWordTokens, room / 4), offsets.size());
}

/// Index of the first token to keep. `is_part`: the prefix begins where the client cut it.
std::size_t drop_old_tokens(std::string_view prefix, const std::vector<std::size_t>& offsets,
                            std::size_t room, bool is_part) {
  const std::size_t n = steady_count(prefix, offsets, room);
  if (n < 2 || (n <= room && !is_part)) return 0;
  const std::size_t from = n <= room ? 0 : n - room;
  const std::size_t to = std::min(from + std::min(room, n) / 4, offsets.size() - 1);
  if (to <= from) return std::min(from, offsets.size());
  const std::size_t first_byte = std::max(offsets[from], std::min(kAnchorBytes, offsets[to]));
  const std::size_t place = find_text_start(prefix, first_byte, offsets[to]);
  const auto first = std::lower_bound(offsets.begin(), offsets.end(), place);
  return std::clamp(static_cast<std::size_t>(first - offsets.begin()), from, to);
}

TextInUse choose_text(const CompletionParams& params, const tokenizer::Tokenizer& tokenizer,
                      std::size_t room, bool follows_notes) {
  const std::string_view prefix = params.prefix;
  const std::size_t far = drop_far_text(prefix, room);
  const std::string_view near = prefix.substr(far);
  TextInUse text;
  text.tokens = follows_notes ? encode_after_break(tokenizer, near) : tokenizer.encode(near);
  text.offsets = offsets_of(text.tokens, prefix.size(), tokenizer);
  text.n_tokens_cut =
      drop_old_tokens(prefix, text.offsets, room, far == 0 && params.prefix_offset > 0);
  if (!text.tokens.empty())
    text.bytes_per_token = static_cast<double>(near.size()) / text.tokens.size();
  const auto n_cut = static_cast<std::ptrdiff_t>(text.n_tokens_cut);
  text.tokens.erase(text.tokens.begin(), text.tokens.begin() + n_cut);
  text.offsets.erase(text.offsets.begin(), text.offsets.begin() + n_cut);
  text.n_far_bytes = far;
  text.begin = n_cut == 0 ? far : text.offsets.empty() ? prefix.size() : text.offsets.front();
  return text;
}

/// Lays the parts out; one for each request.
class Planner {
 public:
  Planner(const CompletionParams& params, const tokenizer::Tokenizer& tokenizer,
          const Healing& healing, std::uint32_t max_positions)
      : params_(params),
        tokenizer_(tokenizer),
        healing_(healing),
        room_(prompt_room(max_positions, params.stop.max_tokens)) {
    prompt_.context.size = max_positions;
  }

  Result<Prompt> plan() {
    if (Status fits = encode_notes(); !fits.ok()) return fits.error();
    const std::size_t lorebook_room = encode_lorebook();
    const std::size_t text_room = std::max<std::size_t>(room_ - notes_.size() - lorebook_room, 1);
    const bool follows_notes = !notes_.empty() && params_.notes_depth == 0;
    text_ = choose_text(params_, tokenizer_, text_room, follows_notes);
    place_insertions();
    lay_out();
    describe();
    return std::move(prompt_);
  }

 private:
  struct Insertion {
    std::size_t before = 0;  // index of a token of the text
    Tokens tokens;
  };

  Status encode_notes() {
    const std::string_view notes = without_trailing_space(params_.notes);
    if (notes.empty()) return {};
    const std::size_t limit = room_ / 2;
    if (notes.size() <= limit * kMaxBytesPerToken)
      notes_ = encode_after_break(tokenizer_, std::string(notes) + "\n\n");
    if (!notes_.empty() && notes_.size() <= limit) return {};
    const std::string how_long = notes_.empty() ? std::to_string(notes.size()) + " bytes"
                                                : std::to_string(notes_.size()) + " tokens";
    return Error{ErrorCode::kInvalidArgument,
                 "notes are too long: " + how_long + ", and at most " + std::to_string(limit) +
                     " tokens of this context of " + std::to_string(prompt_.context.size) +
                     " are for them; shorten them or use a larger --context"};
  }

  /// The entries that are called for and fit. Returns the room that is kept for them.
  std::size_t encode_lorebook() {
    std::size_t n_bytes = 0;
    for (const LorebookEntry& entry : params_.lorebook) n_bytes += entry.text.size() + 1;
    if (n_bytes == 0) return 0;
    const std::size_t room =
        std::min<std::size_t>(room_ / 4, n_bytes);  // a token has a byte or more
    // Entry by entry, since a book of a thousand entries must not be encoded a thousand times. The
    // last one ends with a blank line instead, which is a token more at most.
    const std::size_t room_for_lines = room - std::min<std::size_t>(room, 1);
    std::vector<Tokens> lines;
    std::string_view last;
    std::size_t n_tokens = 0;
    for (const std::uint32_t i : entries_called_for(params_.lorebook, params_.prefix)) {
      const std::string_view text = without_trailing_space(params_.lorebook[i].text);
      if (text.empty()) continue;
      Tokens tokens;
      if (text.size() <= room * kMaxBytesPerToken)
        tokens = encode_after_break(tokenizer_, std::string(text) + "\n");
      if (tokens.empty() || n_tokens + tokens.size() > room_for_lines) {
        prompt_.context.lorebook_left_out.push_back(i);
        continue;
      }
      prompt_.context.lorebook.push_back(i);
      n_tokens += tokens.size();
      lines.push_back(std::move(tokens));
      last = text;
    }
    if (lines.empty()) return room;
    lines.back() = encode_after_break(tokenizer_, std::string(last) + "\n\n");
    for (const Tokens& line : lines) lorebook_.insert(lorebook_.end(), line.begin(), line.end());
    return room;
  }

  void place_insertions() {
    if (!notes_.empty()) insert_at_depth(params_.notes_depth, notes_);
    if (!lorebook_.empty()) insert_at_depth(params_.lorebook_depth, lorebook_);
    std::stable_sort(insertions_.begin(), insertions_.end(),
                     [](const auto& a, const auto& b) { return a.before < b.before; });
  }

  /// Depth 0 is before the text.
  void insert_at_depth(std::uint32_t depth, const Tokens& tokens) {
    const std::string_view in_use = std::string_view(params_.prefix).substr(text_.begin);
    const std::size_t place = depth == 0 ? 0 : find_insertion_place(in_use, depth);
    const std::size_t before = place == 0 ? 0 : text_.token_at(text_.begin + place);
    Insertion insertion{before, {}};
    if (before > 0) {
      const std::string_view ahead = in_use.substr(0, text_.offsets[before] - text_.begin);
      const std::string_view gap = ahead.ends_with("\n\n") ? ""
                                   : ahead.ends_with('\n') ? "\n"
                                                           : "\n\n";
      if (!gap.empty()) insertion.tokens = encode_after_break(tokenizer_, gap);
    }
    insertion.tokens.insert(insertion.tokens.end(), tokens.begin(), tokens.end());
    insertions_.push_back(std::move(insertion));
  }

  void lay_out() {
    Tokens& out = prompt_.tokens;
    if (tokenizer_.adds_bos()) out.push_back(start_token(tokenizer_));
    std::size_t at = 0;
    const auto copy_text = [&](std::size_t end) {
      out.insert(out.end(), text_.tokens.begin() + static_cast<std::ptrdiff_t>(at),
                 text_.tokens.begin() + static_cast<std::ptrdiff_t>(end));
      at = end;
    };
    for (const Insertion& insertion : insertions_) {
      copy_text(insertion.before);
      out.insert(out.end(), insertion.tokens.begin(), insertion.tokens.end());
    }
    // Notes are not the writer's last word: only the text after them is healed.
    const auto last = std::span(text_.tokens).subspan(at);
    HealingCut cut{last.size(), {}};
    if (params_.healing) cut = healing_.cut(last);
    prompt_.to_heal = std::move(cut.removed);
    prompt_.n_to_heal = static_cast<std::uint32_t>(last.size() - cut.n_kept);
    copy_text(at + cut.n_kept);
    if (out.empty()) out.push_back(start_token(tokenizer_));
  }

  void describe() {
    const std::string_view prefix = params_.prefix;
    prompt_.tail = prefix.substr(prefix.size() - std::min(prefix.size(), kTailBytes));
    prompt_.context.notes_tokens = static_cast<std::uint32_t>(notes_.size());
    prompt_.context.lorebook_tokens = static_cast<std::uint32_t>(lorebook_.size());
    prompt_.context.dropped_bytes = params_.prefix_offset + text_.begin;
    const double not_encoded = static_cast<double>(params_.prefix_offset) + text_.n_far_bytes;
    prompt_.dropped_tokens = static_cast<std::uint32_t>(
        std::min(text_.n_tokens_cut + not_encoded / text_.bytes_per_token, 4e9));
  }

  const CompletionParams& params_;
  const tokenizer::Tokenizer& tokenizer_;
  const Healing& healing_;
  const std::size_t room_;
  Tokens notes_;
  Tokens lorebook_;
  TextInUse text_;
  std::vector<Insertion> insertions_;
  Prompt prompt_;
};

}  // namespace

TokenId start_token(const tokenizer::Tokenizer& tokenizer) {
  if (tokenizer.bos()) return *tokenizer.bos();
  if (tokenizer.eos()) return *tokenizer.eos();
  const auto line_break = tokenizer.encode("\n");
  return line_break.empty() ? 0 : line_break[0];
}

Result<Prompt> plan_prompt(const CompletionParams& params, const tokenizer::Tokenizer& tokenizer,
                           const Healing& healing, std::uint32_t max_positions) {
  return Planner(params, tokenizer, healing, max_positions).plan();
}

}  // namespace understory::engine
