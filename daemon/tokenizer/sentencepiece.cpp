// SentencePiece's byte-pair model as Llama 2 and Gemma use it: Kudo and Richardson 2018,
// "SentencePiece: A simple and language independent subword tokenizer". The best-scored token
// that two neighbours form is merged first; what is no token falls back to byte tokens.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "daemon/tokenizer/merger.h"
#include "daemon/tokenizer/utf8.h"
#include "daemon/tokenizer/vocabulary_tokenizer.h"
#include "daemon/tokenizer/word_cache.h"

namespace understory::tokenizer {
namespace {

constexpr std::string_view kSpaceMark = "\xe2\x96\x81";  // U+2581 stands for a space
constexpr std::size_t kMaxWordBytes = std::size_t{1} << 30;
constexpr int kByteValues = 256;

using ScoreMerger = Merger<float>;

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  result.reserve(text.size() + text.size() / 2);
  std::size_t done = 0;
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, done)) {
    result.append(text, done, at - done).append(to);
    done = at + from.size();
  }
  return result.append(text, done);
}

// A byte that is no part of a character stands alone: as the head of a longer symbol it could
// swallow a space mark, which would then decode as the mark and not as the space.
std::size_t character_length(std::string_view text, std::size_t at) {
  return std::max<std::size_t>(valid_length(text.substr(at)), 1);
}

/// The characters that some token has right before a space mark. After any other character a
/// space mark starts a new word: no merge can reach across.
std::unordered_set<std::string> characters_before_marks(const Vocabulary& vocabulary) {
  std::unordered_set<std::string> characters;
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    const std::string_view text = vocabulary.text(id);
    std::size_t previous = 0;
    for (std::size_t i = 0; i < text.size(); i += character_length(text, i)) {
      if (i > 0 && text.substr(i).starts_with(kSpaceMark)) {
        characters.emplace(text.substr(previous, i - previous));
      }
      previous = i;
    }
  }
  return characters;
}

class SentencePiece : public VocabularyTokenizer {
 public:
  SentencePiece(Vocabulary vocabulary, SpecialTokens special, StringTable pieces,
                bool adds_space_prefix);

  std::vector<TokenId> encode(std::string_view text, EncodeOptions options) const override;
  bool adds_space_prefix() const override { return adds_space_prefix_; }
  std::string description() const override { return "llama"; }

 private:
  struct Scratch {
    WordCache cache;
    ScoreMerger merger;
  };

  void encode_marked(std::string_view text, Scratch& scratch, std::vector<TokenId>& ids) const;
  std::size_t word_length(std::string_view text) const;
  void encode_word(std::string_view word, Scratch& scratch, std::vector<TokenId>& ids) const;
  std::optional<ScoreMerger::Merge> find_merge(std::string_view both) const;
  void append_symbol(std::string_view text, TokenId id, std::vector<TokenId>& ids) const;

  bool adds_space_prefix_;
  std::unordered_set<std::string> before_marks_;
  std::array<std::optional<TokenId>, kByteValues> byte_tokens_;
};

SentencePiece::SentencePiece(Vocabulary vocabulary, SpecialTokens special, StringTable pieces,
                             bool adds_space_prefix)
    : VocabularyTokenizer(std::move(vocabulary), std::move(special), std::move(pieces)),
      adds_space_prefix_(adds_space_prefix),
      before_marks_(characters_before_marks(this->vocabulary())) {
  for (int i = 0; i < kByteValues; ++i) {
    const auto byte = static_cast<std::uint8_t>(i);
    byte_tokens_[i] = this->vocabulary().find(byte_token_text(byte));
    if (!byte_tokens_[i]) {
      byte_tokens_[i] = this->vocabulary().find(std::string(1, static_cast<char>(byte)));
    }
  }
}

std::vector<TokenId> SentencePiece::encode(std::string_view text, EncodeOptions options) const {
  std::vector<TokenId> ids = start(options);
  Scratch scratch;
  bool at_start = options.space_prefix;  // of the text, or after a token that was cut out
  for (const Fragment& fragment : split(text, options)) {
    if (fragment.token) {
      ids.push_back(*fragment.token);
      at_start = true;
      continue;
    }
    std::string marked = replace_all(fragment.text, " ", kSpaceMark);
    if (adds_space_prefix_ && at_start) marked.insert(0, kSpaceMark);
    encode_marked(marked, scratch, ids);
    at_start = false;
  }
  return ids;
}

void SentencePiece::encode_marked(std::string_view text, Scratch& scratch,
                                  std::vector<TokenId>& ids) const {
  while (!text.empty()) {
    const std::size_t length = word_length(text);
    const std::string_view word = text.substr(0, length);
    text.remove_prefix(length);
    if (scratch.cache.append(word, ids)) continue;
    const std::size_t n_before = ids.size();
    encode_word(word, scratch, ids);
    scratch.cache.insert(word, std::span(ids).subspan(n_before));
  }
}

/// Up to the next space mark that cannot be merged with what is before it.
std::size_t SentencePiece::word_length(std::string_view text) const {
  std::size_t end = character_length(text, 0);
  std::size_t previous = 0;
  while (end < text.size() && end < kMaxWordBytes) {
    if (text[end] == kSpaceMark[0] && text.substr(end).starts_with(kSpaceMark) &&
        !before_marks_.contains(std::string(text.substr(previous, end - previous)))) {
      break;
    }
    previous = end;
    end += character_length(text, end);
  }
  return end;
}

void SentencePiece::encode_word(std::string_view word, Scratch& scratch,
                                std::vector<TokenId>& ids) const {
  ScoreMerger& merger = scratch.merger;
  for (std::size_t i = 0; i < word.size();) {
    const std::size_t length = character_length(word, i);
    const TokenId id = vocabulary().find(word.substr(i, length)).value_or(vocab_size());
    merger.add({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(length), id});
    i += length;
  }
  merger.merge_all([&](const Symbol& left, const Symbol& right) {
    return find_merge(word.substr(left.begin, left.length + right.length));
  });
  merger.drain([&](const Symbol& symbol) {
    append_symbol(word.substr(symbol.begin, symbol.length), symbol.id, ids);
  });
}

std::optional<ScoreMerger::Merge> SentencePiece::find_merge(std::string_view both) const {
  if (both.size() > vocabulary().longest_text_bytes()) return std::nullopt;
  const auto id = vocabulary().find(both);
  if (!id) return std::nullopt;
  return ScoreMerger::Merge{vocabulary().score(*id), *id};
}

void SentencePiece::append_symbol(std::string_view text, TokenId id,
                                  std::vector<TokenId>& ids) const {
  if (id < vocab_size()) {
    ids.push_back(id);
    return;
  }
  for (const char byte : text) {
    const auto& token = byte_tokens_[static_cast<std::uint8_t>(byte)];
    if (token) {
      ids.push_back(*token);
    } else if (special().unknown) {
      ids.push_back(*special().unknown);
    }
  }
}

Result<StringTable> make_pieces(const Vocabulary& vocabulary) {
  StringTable pieces;
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    const auto literal = literal_piece(vocabulary, id);
    if (!literal) return literal.error();
    pieces.add(*literal ? **literal : replace_all(vocabulary.text(id), kSpaceMark, " "));
  }
  return pieces;
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> make_sentencepiece(const gguf::Metadata& metadata) {
  constexpr SpecialTokenDefaults kDefaults{.bos = 1, .eos = 2, .unknown = 0, .adds_bos = true};
  const auto adds_space_prefix = metadata.get_bool("tokenizer.ggml.add_space_prefix");
  if (!adds_space_prefix) return adds_space_prefix.error();
  auto vocabulary = Vocabulary::read(metadata);
  if (!vocabulary) return vocabulary.error();
  auto special = find_special_tokens(metadata, kDefaults, *vocabulary);
  if (!special) return special.error();
  auto pieces = make_pieces(*vocabulary);
  if (!pieces) return pieces.error();
  return std::unique_ptr<Tokenizer>(
      std::make_unique<SentencePiece>(std::move(*vocabulary), std::move(*special),
                                      std::move(*pieces), adds_space_prefix->value_or(true)));
}

}  // namespace understory::tokenizer
