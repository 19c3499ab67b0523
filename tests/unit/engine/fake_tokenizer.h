// A byte-level tokenizer: token b is byte b, then the pieces given, then BOS and EOS. It
// encodes by taking the longest piece that fits.
#pragma once

#include <string>
#include <vector>

#include "daemon/tokenizer/tokenizer.h"

namespace understory::engine::testing {

class FakeTokenizer : public tokenizer::Tokenizer {
 public:
  explicit FakeTokenizer(std::vector<std::string> pieces = {}, bool adds_bos = false);

  std::vector<tokenizer::TokenId> encode(std::string_view text,
                                         tokenizer::EncodeOptions options = {}) const override;
  std::string_view piece(tokenizer::TokenId id) const override { return pieces_[id]; }
  std::uint32_t vocab_size() const override { return static_cast<std::uint32_t>(pieces_.size()); }
  std::optional<tokenizer::TokenId> bos() const override { return vocab_size() - 2; }
  std::optional<tokenizer::TokenId> eos() const override { return vocab_size() - 1; }
  bool adds_bos() const override { return adds_bos_; }
  bool adds_space_prefix() const override { return false; }
  bool is_end_of_generation(tokenizer::TokenId id) const override { return id == eos(); }
  bool is_control(tokenizer::TokenId id) const override { return id == bos() || id == eos(); }
  std::string description() const override { return "fake"; }

  /// The token of a piece; the piece must exist.
  tokenizer::TokenId id_of(std::string_view piece) const;
  std::string text_of(std::span<const tokenizer::TokenId> ids) const;

 private:
  std::vector<std::string> pieces_;
  bool adds_bos_;
};

}  // namespace understory::engine::testing
