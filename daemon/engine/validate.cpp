// The ranges of what a client may ask for.
#include <algorithm>
#include <string>

#include "daemon/engine/context.h"
#include "daemon/engine/engine.h"

namespace understory::engine {
namespace {

constexpr std::uint32_t kMaxBranches = 16;
constexpr std::uint32_t kMaxTop = 64;
constexpr float kMaxTemperature = 100;

Error out_of_range(const char* field, const std::string& range, const std::string& value) {
  return {ErrorCode::kInvalidArgument,
          std::string(field) + " must be " + range + ", but is " + value};
}

std::string number(float value) {
  std::string text = std::to_string(value);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  return text;
}

std::string range(std::uint32_t low, std::uint32_t high) {
  return "between " + std::to_string(low) + " and " + std::to_string(high);
}

Status validate_sampler(const SamplerParams& sampler) {
  // Comparisons are written so that NaN fails them.
  if (!(sampler.temperature >= 0 && sampler.temperature <= kMaxTemperature))
    return out_of_range("temperature", "between 0 and 100", number(sampler.temperature));
  if (!(sampler.top_p > 0 && sampler.top_p <= 1))
    return out_of_range("top_p", "above 0 and at most 1", number(sampler.top_p));
  if (!(sampler.min_p >= 0 && sampler.min_p <= 1))
    return out_of_range("min_p", "between 0 and 1", number(sampler.min_p));
  return {};
}

Status validate_stop(const StopParams& stop, std::uint32_t context) {
  if (stop.max_tokens < 1 || stop.max_tokens > context)
    return out_of_range("max_tokens", range(1, context) + " (the context)",
                        std::to_string(stop.max_tokens));
  if (!(stop.min_probability >= 0 && stop.min_probability <= 1))
    return out_of_range("min_probability", "between 0 and 1", number(stop.min_probability));
  if (!(stop.min_margin >= 0 && stop.min_margin <= 1))
    return out_of_range("min_margin", "between 0 and 1", number(stop.min_margin));
  return {};
}

}  // namespace

std::uint32_t max_branches(const model::Model& model) {
  return std::min({model.max_sequences(), model.max_rows(), model.max_logit_rows()});
}

Status validate(const CompletionParams& params, const model::Model& model) {
  const std::uint32_t max_n = std::min(kMaxBranches, max_branches(model));
  if (params.n < 1 || params.n > max_n)
    return out_of_range("n", range(1, max_n), std::to_string(params.n));
  if (params.top > kMaxTop)
    return out_of_range("top", range(0, kMaxTop), std::to_string(params.top));
  if (Status valid = validate_stop(params.stop, model.context()); !valid.ok()) return valid;
  return validate_sampler(params.sampler);
}

}  // namespace understory::engine
