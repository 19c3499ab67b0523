#include "daemon/engine/sampler.h"

#include "daemon/engine/random.h"
#include "daemon/engine/samplers/logit_bias.h"
#include "daemon/engine/samplers/temperature.h"
#include "daemon/engine/samplers/truncation.h"

namespace understory::engine {

double Draw::position() const {
  return random_unit(seed, index);
}

double Draw::xtc_coin() const {
  constexpr std::uint64_t kXtcStream = 0x787463;  // any number but 0: a stream of its own
  return random_unit(mix64(seed ^ kXtcStream), index);
}

Sampler::Sampler(const SamplerParams& params, const tokenizer::Tokenizer& tokenizer)
    : params_(params),
      tokenizer_(tokenizer),
      penalties_(params.penalties),
      dry_(params.dry),
      mirostat_(params.mirostat) {}

LogitEdits Sampler::edits(std::span<const tokenizer::TokenId> history) const {
  LogitEdits edits;
  add_bias(params_.logit_bias, edits);
  penalties_.edit(history, tokenizer_, edits);
  dry_.edit(history, tokenizer_, edits);
  return edits;
}

std::optional<Distribution> Sampler::shape(Distribution distribution, bool with_xtc,
                                           double mu) const {
  const Temperature temperature{params_.temperature};
  if (mirostat_.is_off() || is_greedy()) {
    if (!is_greedy() && !truncate(distribution, with_xtc)) return std::nullopt;
    if (!temperature.apply(distribution)) return std::nullopt;
  } else {
    if (!temperature.apply(distribution)) return std::nullopt;
    distribution.kept = 1;
    if (!mirostat_.apply(distribution, mu)) return std::nullopt;
  }
  if (!distribution.complete && !distribution.normalised) return std::nullopt;
  return distribution;
}

bool Sampler::truncate(Distribution& distribution, bool with_xtc) const {
  return TopNSigma{params_.top_n_sigma}.apply(distribution) &&
         TopK{params_.top_k}.apply(distribution) &&
         TypicalP{params_.typical_p}.apply(distribution) &&
         TopP{params_.top_p}.apply(distribution) && MinP{params_.min_p}.apply(distribution) &&
         (!with_xtc || Xtc{params_.xtc.threshold}.apply(distribution));
}

}  // namespace understory::engine
