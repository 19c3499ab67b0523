#include "daemon/tokenizer/vocabulary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace understory::tokenizer {
namespace {

constexpr char kTokensKey[] = "tokenizer.ggml.tokens";
constexpr char kTypesKey[] = "tokenizer.ggml.token_type";
constexpr char kScoresKey[] = "tokenizer.ggml.scores";
// Far above any real token; keeps looking up merged texts cheap whatever the file says.
constexpr std::size_t kMaxTokenBytes = 65536;

Error bad(std::string message) {
  return {ErrorCode::kBadModel, std::move(message)};
}

Error too_short(const char* key, std::size_t size, std::size_t n_tokens) {
  return bad(std::string(key) + " has " + std::to_string(size) + " elements for " +
             std::to_string(n_tokens) + " tokens");
}

// GGUF's token types, in the order of their numbers.
std::uint8_t attributes_of(std::int64_t type) {
  constexpr std::uint8_t kByType[] = {0, kNormal, kUnknown, kControl, kUserDefined, kUnused, kByte};
  const bool known = type >= 0 && type < static_cast<std::int64_t>(std::size(kByType));
  return known ? kByType[type] : 0;
}

}  // namespace

Result<Vocabulary> Vocabulary::read(const gguf::Metadata& metadata) {
  Vocabulary vocabulary;
  if (Status status = vocabulary.read_texts(metadata); !status) return status.error();
  if (Status status = vocabulary.read_types(metadata); !status) return status.error();
  if (Status status = vocabulary.read_scores(metadata); !status) return status.error();
  return vocabulary;
}

Status Vocabulary::read_texts(const gguf::Metadata& metadata) {
  const std::vector<std::string>* tokens = metadata.find_strings(kTokensKey);
  if (!tokens) return bad(std::string(kTokensKey) + " is missing or not an array of strings");
  if (tokens->empty()) return bad(std::string(kTokensKey) + " is empty");
  if (tokens->size() >= std::numeric_limits<std::int32_t>::max()) {
    return bad(std::string(kTokensKey) + " has more tokens than ids");
  }
  index_.reserve(tokens->size());
  for (std::uint32_t id = 0; id < tokens->size(); ++id) {
    const std::string& text = (*tokens)[id];
    const std::string name = "token " + std::to_string(id);
    if (text.size() > kMaxTokenBytes) {
      return bad(name + " is " + std::to_string(text.size()) + " bytes long");
    }
    texts_.add(text);
    longest_text_bytes_ = std::max(longest_text_bytes_, text.size());
    // Some files hold place holders without a text: no text becomes such a token.
    if (!text.empty() && !index_.insert(texts_, id)) {
      return bad(name + " has the text of token " + std::to_string(*find(text)));
    }
  }
  return {};
}

Status Vocabulary::read_types(const gguf::Metadata& metadata) {
  attributes_.assign(size(), kNormal);
  if (!metadata.find(kTypesKey)) return {};
  const auto types = metadata.find_integers(kTypesKey);
  if (!types) return bad(std::string(kTypesKey) + " is not an array of integers");
  if (types->size() < size()) return too_short(kTypesKey, types->size(), size());
  std::transform(types->begin(), types->begin() + size(), attributes_.begin(), attributes_of);
  return {};
}

Status Vocabulary::read_scores(const gguf::Metadata& metadata) {
  if (!metadata.find(kScoresKey)) return {};
  auto scores = metadata.find_floats(kScoresKey);
  if (!scores) return bad(std::string(kScoresKey) + " is not an array of floats");
  if (scores->size() < size()) return too_short(kScoresKey, scores->size(), size());
  for (std::uint32_t id = 0; id < size(); ++id) {
    if (std::isnan((*scores)[id])) {
      return bad(std::string(kScoresKey) + ": the score of token " + std::to_string(id) +
                 " is not a number");
    }
  }
  scores_ = std::move(*scores);
  return {};
}

}  // namespace understory::tokenizer
