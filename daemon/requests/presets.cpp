#include "daemon/requests/presets.h"

namespace understory::requests {
namespace {

template <class T>
void set(const std::optional<T>& key, T& param) {
  if (key) param = *key;
}

/// For continuing soberly: the likely words, and more of them.
protocol::SamplerKeys focused() {
  protocol::SamplerKeys keys;
  keys.temperature = 0.7f;
  keys.min_p = 0.1f;
  return keys;
}

/// For being surprised: half of the time the obvious word is out, and no phrase comes again.
protocol::SamplerKeys wild() {
  protocol::SamplerKeys keys;
  keys.temperature = 1.4f;
  keys.xtc_threshold = 0.1f;
  keys.xtc_probability = 0.5f;
  keys.dry_multiplier = 0.8f;
  return keys;
}

}  // namespace

void apply(const protocol::SamplerKeys& keys, engine::SamplerParams& params) {
  set(keys.temperature, params.temperature);
  set(keys.top_k, params.top_k);
  set(keys.top_p, params.top_p);
  set(keys.min_p, params.min_p);
  set(keys.typical_p, params.typical_p);
  set(keys.top_n_sigma, params.top_n_sigma);
  set(keys.xtc_threshold, params.xtc.threshold);
  set(keys.xtc_probability, params.xtc.probability);
  set(keys.repeat_penalty, params.penalties.repeat);
  set(keys.frequency_penalty, params.penalties.frequency);
  set(keys.presence_penalty, params.penalties.presence);
  set(keys.penalty_window, params.penalties.window);
  set(keys.dry_multiplier, params.dry.multiplier);
  set(keys.dry_base, params.dry.base);
  set(keys.dry_allowed_length, params.dry.allowed_length);
  set(keys.dry_window, params.dry.window);
  set(keys.dry_breakers, params.dry.breakers);
  set(keys.mirostat_tau, params.mirostat.tau);
  set(keys.mirostat_eta, params.mirostat.eta);
  set(keys.bans, params.bans.phrases);
  set(keys.ban_ignore_case, params.bans.ignore_case);
  if (!keys.logit_bias) return;
  params.logit_bias.clear();
  for (const protocol::LogitBias& entry : *keys.logit_bias)
    params.logit_bias.push_back({entry.id, entry.text.value_or(""), entry.bias});
}

Presets::Presets(std::map<std::string, protocol::SamplerKeys> own) : presets_(std::move(own)) {
  presets_.insert({{"base", {}}, {"focused", focused()}, {"wild", wild()}});
}

std::vector<std::string> Presets::names() const {
  std::vector<std::string> names;
  for (const auto& [name, keys] : presets_) names.push_back(name);
  return names;
}

const protocol::SamplerKeys* Presets::find(const std::string& name) const {
  const auto found = presets_.find(name);
  return found == presets_.end() ? nullptr : &found->second;
}

Result<engine::SamplerParams> Presets::resolve(const std::string& preset,
                                               const protocol::SamplerKeys& keys) const {
  engine::SamplerParams params;
  if (!preset.empty()) {
    const auto named = presets_.find(preset);
    if (named == presets_.end()) {
      std::string message = "there is no preset '" + preset + "'; there are";
      for (const auto& [name, unused] : presets_)
        message += (name == presets_.begin()->first ? " " : ", ") + name;
      return Error{ErrorCode::kInvalidArgument, message};
    }
    apply(named->second, params);
  }
  apply(keys, params);
  return params;
}

}  // namespace understory::requests
