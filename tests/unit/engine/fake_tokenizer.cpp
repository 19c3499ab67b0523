#include "tests/unit/engine/fake_tokenizer.h"

#include <algorithm>
#include <stdexcept>

namespace understory::engine::testing {

using tokenizer::TokenId;

FakeTokenizer::FakeTokenizer(std::vector<std::string> pieces, bool adds_bos) : adds_bos_(adds_bos) {
  for (int byte = 0; byte < 256; ++byte) pieces_.emplace_back(1, static_cast<char>(byte));
  for (auto& piece : pieces) pieces_.push_back(std::move(piece));
  pieces_.resize(pieces_.size() + 2);
}

std::vector<TokenId> FakeTokenizer::encode(std::string_view text,
                                           tokenizer::EncodeOptions options) const {
  std::vector<TokenId> ids;
  if (options.add_bos && adds_bos_) ids.push_back(*bos());
  while (!text.empty()) {
    TokenId best = static_cast<unsigned char>(text[0]);
    for (TokenId id = 256; id < pieces_.size(); ++id)
      if (pieces_[id].size() > pieces_[best].size() && text.starts_with(pieces_[id])) best = id;
    ids.push_back(best);
    text.remove_prefix(pieces_[best].size());
  }
  return ids;
}

TokenId FakeTokenizer::id_of(std::string_view piece) const {
  const auto at = std::find(pieces_.begin(), pieces_.end(), piece);
  if (at == pieces_.end()) throw std::logic_error("no such piece: " + std::string(piece));
  return static_cast<TokenId>(at - pieces_.begin());
}

std::string FakeTokenizer::text_of(std::span<const TokenId> ids) const {
  std::string text;
  for (const TokenId id : ids) text += pieces_[id];
  return text;
}

}  // namespace understory::engine::testing
