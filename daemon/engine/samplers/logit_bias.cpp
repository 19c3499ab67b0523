#include "daemon/engine/samplers/logit_bias.h"

#include <string_view>
#include <unordered_map>

namespace understory::engine {
namespace {

using tokenizer::TokenId;

Error no_token_for(const std::string& text, const tokenizer::Tokenizer& tokenizer) {
  std::string message = "logit_bias: no single token spells '" + text + "'";
  const auto tokens = tokenizer.encode(text);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    message += (i == 0 ? "; its tokens are '" : ", '") + std::string(tokenizer.piece(tokens[i])) +
               "' (" + std::to_string(tokens[i]) + ")";
  return {ErrorCode::kInvalidArgument, message};
}

}  // namespace

Result<std::vector<LogitBias>> resolve_bias(const std::vector<LogitBias>& biases,
                                            const tokenizer::Tokenizer& tokenizer) {
  std::unordered_map<std::string_view, std::vector<TokenId>> tokens_of;
  for (const LogitBias& entry : biases)
    if (!entry.id) tokens_of[entry.text];
  const auto note = [&](std::string_view text, TokenId id) {
    if (const auto at = tokens_of.find(text); at != tokens_of.end()) at->second.push_back(id);
  };
  for (TokenId id = 0; !tokens_of.empty() && id < tokenizer.vocab_size(); ++id) {
    const std::string_view piece = tokenizer.piece(id);
    note(piece, id);
    if (piece.starts_with(' ')) note(piece.substr(1), id);
  }
  std::vector<LogitBias> resolved;
  for (const LogitBias& entry : biases) {
    if (entry.id && *entry.id >= tokenizer.vocab_size())
      return Error{ErrorCode::kInvalidArgument,
                   "logit_bias: there is no token " + std::to_string(*entry.id) +
                       "; the vocabulary has " + std::to_string(tokenizer.vocab_size())};
    if (!entry.id && tokens_of[entry.text].empty()) return no_token_for(entry.text, tokenizer);
    if (entry.id) resolved.push_back({entry.id, {}, entry.bias});
    if (entry.id) continue;
    for (const TokenId id : tokens_of[entry.text]) resolved.push_back({id, {}, entry.bias});
  }
  return resolved;
}

void add_bias(const std::vector<LogitBias>& resolved, LogitEdits& edits) {
  for (const LogitBias& entry : resolved) {
    LogitEdit& edit = edits.at(*entry.id);
    edit.bias += entry.bias;
    edit.forbidden |= entry.bias <= kNeverBias;
  }
}

}  // namespace understory::engine
