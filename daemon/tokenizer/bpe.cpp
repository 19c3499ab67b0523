// Byte-level byte-pair encoding, as GPT-2 and Llama 3 use it: Sennrich et al. 2016, "Neural
// Machine Translation of Rare Words with Subword Units", on bytes.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "daemon/tokenizer/byte_alphabet.h"
#include "daemon/tokenizer/merge_table.h"
#include "daemon/tokenizer/merger.h"
#include "daemon/tokenizer/pre_tokenizer.h"
#include "daemon/tokenizer/vocabulary_tokenizer.h"
#include "daemon/tokenizer/word_cache.h"

namespace understory::tokenizer {
namespace {

// Words are numbered with 32 bits inside; a longer one is cut.
constexpr std::size_t kMaxWordBytes = std::size_t{1} << 30;

struct EarlierRank {
  std::uint32_t rank;
  bool operator<(const EarlierRank& other) const { return rank > other.rank; }
};
using RankMerger = Merger<EarlierRank>;

class Bpe : public VocabularyTokenizer {
 public:
  Bpe(Vocabulary vocabulary, SpecialTokens special, StringTable pieces, MergeTable merges,
      PreTokenizer pre_tokenizer, std::string pre_name)
      : VocabularyTokenizer(std::move(vocabulary), std::move(special), std::move(pieces)),
        merges_(std::move(merges)),
        pre_tokenizer_(std::move(pre_tokenizer)),
        pre_name_(std::move(pre_name)) {}

  std::vector<TokenId> encode(std::string_view text, EncodeOptions options) const override;
  std::string description() const override { return "gpt2/" + pre_name_; }

 private:
  struct Scratch {
    WordCache cache;
    RankMerger merger;
    std::string word_text;
  };

  void encode_text(std::string_view text, Scratch& scratch, std::vector<TokenId>& ids) const;
  void encode_word(std::string_view word, Scratch& scratch, std::vector<TokenId>& ids) const;
  std::optional<TokenId> whole_word_token(std::string_view word, std::string& word_text) const;
  void merge_word(std::string_view word, RankMerger& merger, std::vector<TokenId>& ids) const;
  void append_symbol(std::string_view bytes, std::uint32_t symbol, std::vector<TokenId>& ids) const;

  MergeTable merges_;
  PreTokenizer pre_tokenizer_;
  std::string pre_name_;
};

std::vector<TokenId> Bpe::encode(std::string_view text, EncodeOptions options) const {
  std::vector<TokenId> ids = start(options);
  Scratch scratch;
  for (const Fragment& fragment : split(text, options)) {
    if (fragment.token) {
      ids.push_back(*fragment.token);
    } else {
      encode_text(fragment.text, scratch, ids);
    }
  }
  return ids;
}

void Bpe::encode_text(std::string_view text, Scratch& scratch, std::vector<TokenId>& ids) const {
  for (std::size_t length : pre_tokenizer_.split(text)) {
    while (length > 0) {
      const std::size_t part = std::min(length, kMaxWordBytes);
      encode_word(text.substr(0, part), scratch, ids);
      text.remove_prefix(part);
      length -= part;
    }
  }
}

void Bpe::encode_word(std::string_view word, Scratch& scratch, std::vector<TokenId>& ids) const {
  if (scratch.cache.append(word, ids)) return;
  const std::size_t n_before = ids.size();
  if (const auto token = whole_word_token(word, scratch.word_text)) {
    ids.push_back(*token);
  } else {
    merge_word(word, scratch.merger, ids);
  }
  scratch.cache.insert(word, std::span(ids).subspan(n_before));
}

std::optional<TokenId> Bpe::whole_word_token(std::string_view word, std::string& word_text) const {
  if (!pre_tokenizer_.ignores_merges() || word.size() > vocabulary().longest_text_bytes()) {
    return std::nullopt;
  }
  word_text.clear();
  append_stand_ins(word, word_text);
  return vocabulary().find(word_text);
}

void Bpe::merge_word(std::string_view word, RankMerger& merger, std::vector<TokenId>& ids) const {
  for (std::uint32_t i = 0; i < word.size(); ++i) {
    merger.add({i, 1, merges_.byte_symbol(static_cast<std::uint8_t>(word[i]))});
  }
  merger.merge_all([&](const Symbol& left, const Symbol& right) {
    const auto merge = merges_.find(left.id, right.id);
    return merge ? std::optional(RankMerger::Merge{{merge->rank}, merge->symbol}) : std::nullopt;
  });
  merger.drain([&](const Symbol& symbol) {
    append_symbol(word.substr(symbol.begin, symbol.length), symbol.id, ids);
  });
}

// What merged into a text that is no token falls apart into the tokens of its bytes; a byte
// without a token cannot be told to the model and is dropped.
void Bpe::append_symbol(std::string_view bytes, std::uint32_t symbol,
                        std::vector<TokenId>& ids) const {
  if (symbol < vocab_size()) {
    ids.push_back(symbol);
    return;
  }
  for (const char byte : bytes) {
    const std::uint32_t byte_symbol = merges_.byte_symbol(static_cast<std::uint8_t>(byte));
    if (byte_symbol < vocab_size()) ids.push_back(byte_symbol);
  }
}

Result<StringTable> make_pieces(const Vocabulary& vocabulary) {
  StringTable pieces;
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    const auto literal = literal_piece(vocabulary, id);
    if (!literal) return literal.error();
    pieces.add(*literal ? **literal : stand_ins_to_bytes(vocabulary.text(id)));
  }
  return pieces;
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> make_bpe(const gguf::Metadata& metadata) {
  const auto pre_name = metadata.get_string("tokenizer.ggml.pre");
  if (!pre_name) return pre_name.error();
  auto pre_tokenizer = PreTokenizer::for_name(pre_name->value_or("default"));
  if (!pre_tokenizer) return pre_tokenizer.error();
  auto vocabulary = Vocabulary::read(metadata);
  if (!vocabulary) return vocabulary.error();
  const SpecialTokenDefaults defaults{.adds_bos = pre_tokenizer->adds_bos()};
  auto special = find_special_tokens(metadata, defaults, *vocabulary);
  if (!special) return special.error();
  auto pieces = make_pieces(*vocabulary);
  if (!pieces) return pieces.error();
  auto merges = MergeTable::read(metadata, *vocabulary);
  if (!merges) return merges.error();
  return std::unique_ptr<Tokenizer>(std::make_unique<Bpe>(
      std::move(*vocabulary), std::move(*special), std::move(*pieces), std::move(*merges),
      std::move(*pre_tokenizer), pre_name->value_or("default")));
}

}  // namespace understory::tokenizer
