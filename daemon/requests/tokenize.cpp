// tokenize and detokenize. Four megabytes take a second or two, so they run in the background.
#include "daemon/requests/registry.h"

namespace understory::requests {
namespace {

// Runs `work` in the background and answers with its result.
template <class Work>
void answer_in_background(const std::shared_ptr<Call>& call, Work work) {
  services_of(*call).in_background([call, work = std::move(work)] {
    try {
      auto result = std::make_shared<decltype(work())>(work());
      call->post([call, result] { call->finish(*result); });
    } catch (const std::exception& e) {
      const std::string what = e.what();
      call->post([call, what] { call->fail({ErrorCode::kInternal, what}); });
    }
  });
}

protocol::TokenizeResult tokenize(const tokenizer::Tokenizer& tokenizer,
                                  const protocol::TokenizeParams& params) {
  protocol::TokenizeResult result;
  result.ids = tokenizer.encode(params.text, {params.add_bos, params.parse_special});
  if (params.pieces) {
    result.pieces.emplace();
    result.pieces->reserve(result.ids.size());
    for (const tokenizer::TokenId id : result.ids) result.pieces->emplace_back(tokenizer.piece(id));
  }
  return result;
}

void check_ids(const std::vector<std::uint32_t>& ids, std::uint32_t vocab_size) {
  for (const std::uint32_t id : ids) {
    if (id < vocab_size) continue;
    throw ErrorException({ErrorCode::kInvalidArgument, "'ids' holds " + std::to_string(id) +
                                                           ", but the vocabulary ends at " +
                                                           std::to_string(vocab_size - 1)});
  }
}

}  // namespace

void tokenize(const std::shared_ptr<Call>& call) {
  auto params = call->params<protocol::TokenizeParams>();
  answer_in_background(call, [tokenizer = model_of(*call)->tokenizer, params = std::move(params)] {
    return tokenize(*tokenizer, params);
  });
}

void detokenize(const std::shared_ptr<Call>& call) {
  auto params = call->params<protocol::DetokenizeParams>();
  const std::shared_ptr<const LoadedModel> loaded = model_of(*call);
  check_ids(params.ids, loaded->tokenizer->vocab_size());
  answer_in_background(call, [tokenizer = loaded->tokenizer, ids = std::move(params.ids)] {
    return protocol::DetokenizeResult{tokenizer->decode(ids)};
  });
}

}  // namespace understory::requests
