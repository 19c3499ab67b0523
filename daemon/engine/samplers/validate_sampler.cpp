// The ranges of what a client may ask of the samplers.
#include "daemon/engine/ranges.h"
#include "daemon/engine/samplers/sampler_params.h"
#include "daemon/engine/utf8.h"

namespace understory::engine {
namespace {

constexpr std::size_t kMaxBreakers = 64;
constexpr std::size_t kMaxBiases = 1024;

Error too_many(const std::string& field, std::size_t max) {
  return {ErrorCode::kInvalidArgument,
          field + " may have at most " + std::to_string(max) + " entries"};
}

constexpr std::size_t kMaxPhraseBytes = 1024;
constexpr std::size_t kMaxBanBytes = 256 * 1024;

struct Range {
  const char* field;
  float value;
  float low;
  float high;
  bool above_low = false;  // low itself is out of range

  // Written so that NaN is out.
  bool holds() const { return (above_low ? value > low : value >= low) && value <= high; }
  std::string text() const {
    return above_low ? "above " + number(low) + " and at most " + number(high)
                     : "between " + number(low) + " and " + number(high);
  }
};

Status validate(const LogitBias& entry) {
  if (!entry.id && entry.text.empty())
    return Error{ErrorCode::kInvalidArgument, "each logit_bias needs an id or a text"};
  if (entry.id && !entry.text.empty())
    return Error{ErrorCode::kInvalidArgument, "a logit_bias takes an id or a text, not both"};
  const Range range{"logit_bias", entry.bias, -100, 100};
  if (!range.holds()) return out_of_range(range.field, range.text(), number(range.value));
  return {};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (utf8_state(text) != Utf8State::kWhole) return false;
    text.remove_prefix(utf8_length(static_cast<unsigned char>(text[0])));
  }
  return true;
}

Status validate(const BanParams& bans) {
  const auto refuse = [](const std::string& what) {
    return Error{ErrorCode::kInvalidArgument, "bans " + what};
  };
  std::size_t n_bytes = 0;
  for (const std::string& phrase : bans.phrases) {
    if (phrase.empty()) return refuse("must not have an empty text");
    if (phrase.size() > kMaxPhraseBytes) return refuse("may have at most 1024 bytes each");
    if (!is_utf8(phrase)) return refuse("must be valid UTF-8");
    n_bytes += phrase.size();
  }
  if (n_bytes > kMaxBanBytes) return refuse("may have at most 262144 bytes in all");
  return {};
}

}  // namespace

Status validate(const SamplerParams& p) {
  const Range ranges[] = {
      {"temperature", p.temperature, 0, 100},
      {"top_n_sigma", p.top_n_sigma, 0, 100},
      {"typical_p", p.typical_p, 0, 1, true},
      {"top_p", p.top_p, 0, 1, true},
      {"min_p", p.min_p, 0, 1},
      {"xtc_threshold", p.xtc.threshold, 0, 1},
      {"xtc_probability", p.xtc.probability, 0, 1},
      {"mirostat_tau", p.mirostat.tau, 0, 20},
      {"mirostat_eta", p.mirostat.eta, 0, 1},
      {"repeat_penalty", p.penalties.repeat, 0, 10, true},
      {"frequency_penalty", p.penalties.frequency, -10, 10},
      {"presence_penalty", p.penalties.presence, -10, 10},
      {"dry_multiplier", p.dry.multiplier, 0, 100},
      {"dry_base", p.dry.base, 1, 10},
  };
  for (const Range& range : ranges)
    if (!range.holds()) return out_of_range(range.field, range.text(), number(range.value));
  if (p.dry.allowed_length < 1) return out_of_range("dry_allowed_length", "at least 1", "0");
  if (p.dry.breakers.size() > kMaxBreakers) return too_many("dry_breakers", kMaxBreakers);
  for (const std::string& breaker : p.dry.breakers)
    if (breaker.empty())
      return Error{ErrorCode::kInvalidArgument, "dry_breakers must not have an empty text"};
  if (p.logit_bias.size() > kMaxBiases) return too_many("logit_bias", kMaxBiases);
  for (const LogitBias& entry : p.logit_bias)
    if (Status valid = validate(entry); !valid.ok()) return valid;
  return validate(p.bans);
}

}  // namespace understory::engine
