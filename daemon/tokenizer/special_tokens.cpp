#include "daemon/tokenizer/special_tokens.h"

#include <cctype>
#include <initializer_list>
#include <string>
#include <string_view>
#include <tuple>

namespace understory::tokenizer {
namespace {

using Texts = std::initializer_list<std::string_view>;
using OptionalId = std::optional<TokenId>;

// Files often leave these tokens' roles and types out, so they are known by their texts. The
// set is llama.cpp's, so that generation ends where it ends there.
constexpr std::string_view kEndTexts[] = {
    "<|eot_id|>",
    "<|im_end|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|flush|>",
    "<|calls|>",
    "<end_of_turn>",
    "<|endoftext|>",
    "</s>",
    "<|eom_id|>",
    "<EOT>",
    "_<EOT>",
    "[EOT]",
    "[EOS]",
    "<|end_of_text|>",
    "<end_of_utterance>",
    "<eos>",
    "<turn|>",
    "<|tool_response>",
    "<｜end▁of▁sentence｜>",
    "[e~[",
};

// Fill-in-the-middle tokens. Those that end a file end generation too.
struct FillInRole {
  const char* key;
  bool ends_generation;
  Texts texts;
};
const FillInRole kFillInRoles[] = {
    {"tokenizer.ggml.fim_pre_token_id",
     false,
     {"<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>",
      "<|code_prefix|>", "<|prefix|>"}},
    {"tokenizer.ggml.fim_suf_token_id",
     false,
     {"<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>",
      "<|code_suffix|>", "<|suffix|>"}},
    {"tokenizer.ggml.fim_mid_token_id",
     false,
     {"<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>",
      "<|code_middle|>", "<|middle|>"}},
    {"tokenizer.ggml.fim_pad_token_id",
     true,
     {"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"}},
    {"tokenizer.ggml.fim_rep_token_id",
     true,
     {"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"}},
    {"tokenizer.ggml.fim_sep_token_id", true, {"<|file_sep|>"}},
};

// Texts that are part of a reply's frame and shown as they are.
constexpr std::string_view kFrameTexts[] = {"<|channel|>", "<|message|>", "<|start|>",
                                            "<|constrain|>"};

/// The id under a key, checked against the vocabulary; the fallback where the key is missing.
Result<OptionalId> read_id(const gguf::Metadata& metadata, const char* key, OptionalId fallback,
                           const Vocabulary& vocabulary) {
  const auto id = metadata.get_u32(key);
  if (!id) return id.error();
  if (!*id) return fallback && *fallback < vocabulary.size() ? fallback : OptionalId();
  if (**id >= vocabulary.size()) {
    return Error{ErrorCode::kBadModel, std::string(key) + " is " + std::to_string(**id) +
                                           ", but there are only " +
                                           std::to_string(vocabulary.size()) + " tokens"};
  }
  return OptionalId(**id);
}

class Finder {
 public:
  Finder(const gguf::Metadata& metadata, Vocabulary& vocabulary)
      : metadata_(metadata), vocabulary_(vocabulary) {
    tokens_.ends_generation.assign(vocabulary.size(), false);
  }

  Result<SpecialTokens> find(const SpecialTokenDefaults& defaults) {
    if (Status status = read_roles(defaults); !status) return status.error();
    if (Status status = find_fill_in_tokens(); !status) return status.error();
    find_end_tokens();
    mark_frame_texts();
    end_at(tokens_.eos);
    for (const char* key : {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
      const auto id = read_id(metadata_, key, std::nullopt, vocabulary_);
      if (!id) return id.error();
      end_at(*id);
    }
    spare_frame_ends();
    strip_after_phi3_tokens();
    return std::move(tokens_);
  }

 private:
  Status read_roles(const SpecialTokenDefaults& defaults) {
    const std::tuple<const char*, OptionalId, OptionalId*> roles[] = {
        {"tokenizer.ggml.bos_token_id", defaults.bos, &tokens_.bos},
        {"tokenizer.ggml.eos_token_id", defaults.eos, &tokens_.eos},
        {"tokenizer.ggml.unknown_token_id", defaults.unknown, &tokens_.unknown}};
    for (const auto& [key, fallback, role] : roles) {
      const auto id = read_id(metadata_, key, fallback, vocabulary_);
      if (!id) return id.error();
      *role = *id;
    }
    const auto adds_bos = metadata_.get_bool("tokenizer.ggml.add_bos_token");
    if (!adds_bos) return adds_bos.error();
    tokens_.adds_bos = adds_bos->value_or(defaults.adds_bos);
    if (tokens_.adds_bos && !tokens_.bos) {
      return Error{ErrorCode::kBadModel,
                   "the tokenizer adds a BOS token, but tokenizer.ggml.bos_token_id is not set"};
    }
    return {};
  }

  Status find_fill_in_tokens() {
    for (const FillInRole& role : kFillInRoles) {
      auto id = read_id(metadata_, role.key, std::nullopt, vocabulary_);
      if (!id) return id.error();
      if (!*id) *id = mark_first_control(role.texts);
      if (role.ends_generation) end_at(*id);
    }
    return {};
  }

  OptionalId mark_first_control(Texts texts) {
    OptionalId first;
    for (const std::string_view text : texts) {
      const OptionalId id = vocabulary_.find(text);
      if (id && (!first || *id < *first)) first = id;
    }
    if (first) vocabulary_.add(*first, kControl);
    return first;
  }

  void find_end_tokens() {
    for (const std::string_view text : kEndTexts) {
      const OptionalId id = vocabulary_.find(text);
      if (!id) continue;
      vocabulary_.add(*id, kControl);
      end_at(id);
    }
  }

  void mark_frame_texts() {
    for (const std::string_view text : kFrameTexts) {
      if (const OptionalId id = vocabulary_.find(text)) vocabulary_.become(*id, kUserDefined);
    }
  }

  // In vocabularies with a token for the end of a call, the plain end only closes a frame.
  void spare_frame_ends() {
    const bool has_call = ends("<|call|>") || ends("<|calls|>");
    if (has_call && (ends("<|return|>") || ends("<|flush|>")) && ends("<|end|>")) {
      spare("<|end|>", kUserDefined);
    }
    if (ends("<|tool_response>") && ends("</s>")) spare("</s>", kNormal);
  }

  bool ends(std::string_view text) const {
    const OptionalId id = vocabulary_.find(text);
    return id && tokens_.ends_generation[*id];
  }

  void spare(std::string_view text, TokenAttribute attribute) {
    const OptionalId id = vocabulary_.find(text);
    tokens_.ends_generation[*id] = false;
    vocabulary_.become(*id, attribute);
  }

  // GGUF has no place for "white space after the token belongs to it"; only Phi-3 needs it.
  void strip_after_phi3_tokens() {
    const auto name = metadata_.get_string("general.name");
    if (!name || !*name) return;
    std::string lower = **name;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower.find("phi-3") == lower.npos && lower.find("phi3") == lower.npos) return;
    for (TokenId id = 0; id < vocabulary_.size(); ++id) {
      if (vocabulary_.has(id, kControl | kUserDefined | kUnknown)) vocabulary_.add(id, kStripRight);
    }
    if (const OptionalId id = vocabulary_.find("</s>")) vocabulary_.add(*id, kStripRight);
    for (const char* text : {"<unk>", "<s>", "<|endoftext|>"}) {
      if (const OptionalId id = vocabulary_.find(text)) vocabulary_.remove(*id, kStripRight);
    }
  }

  void end_at(OptionalId id) {
    if (id) tokens_.ends_generation[*id] = true;
  }

  const gguf::Metadata& metadata_;
  Vocabulary& vocabulary_;
  SpecialTokens tokens_;
};

}  // namespace

Result<SpecialTokens> find_special_tokens(const gguf::Metadata& metadata,
                                          const SpecialTokenDefaults& defaults,
                                          Vocabulary& vocabulary) {
  return Finder(metadata, vocabulary).find(defaults);
}

}  // namespace understory::tokenizer
