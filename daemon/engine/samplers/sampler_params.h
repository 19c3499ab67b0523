// What a request asks of the samplers. Every stage is off or neutral by default but min_p.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/tokenizer/tokenizer.h"

namespace understory::engine {

/// Added to the logit of a token, or of every token that spells `text`, alone or after a space.
struct LogitBias {
  std::optional<tokenizer::TokenId> id;
  std::string text;
  float bias = 0;  // [-100, 100]; -100: never

  bool operator==(const LogitBias&) const = default;
};

/// What tokens lose that occur in the last `window` tokens of prompt and continuation.
struct PenaltyParams {
  float repeat = 1;            // divides a logit above 0, multiplies one below; (0, 10]; 1: off
  float frequency = 0;         // subtracted for each occurrence; [-10, 10]
  float presence = 0;          // subtracted once; [-10, 10]
  std::uint32_t window = 256;  // tokens

  bool is_off() const { return window == 0 || (repeat == 1 && frequency == 0 && presence == 0); }

  bool operator==(const PenaltyParams&) const = default;
};

/// DRY: what tokens lose that would prolong a repetition.
struct DryParams {
  float multiplier = 0;              // [0, 100]; 0: off
  float base = 1.75f;                // [1, 10]
  std::uint32_t allowed_length = 2;  // tokens that may repeat freely; 1 or more
  std::uint32_t window = 1024;       // tokens of prompt and continuation that are searched
  std::vector<std::string> breakers = {"\n", ":", "\"", "*"};  // no repetition runs across these

  bool operator==(const DryParams&) const = default;
};

struct XtcParams {
  float threshold = 0.1f;  // [0, 1]
  float probability = 0;   // [0, 1]; 0: off

  bool operator==(const XtcParams&) const = default;
};

struct MirostatParams {
  float tau = 0;     // bits a token; [0, 20]; 0: off
  float eta = 0.1f;  // [0, 1]

  bool operator==(const MirostatParams&) const = default;
};

/// Texts that must not come. They hold back what may yet become one of them, and are no stage:
/// see branch_state.h.
struct BanParams {
  std::vector<std::string> phrases;  // valid UTF-8, 1 to 1024 bytes each, 256 KiB in all
  bool ignore_case = true;

  bool operator==(const BanParams&) const = default;
};

/// Neutral for base models: the distribution as it is, less its unlikely tail.
struct SamplerParams {
  float temperature = 1.0f;  // [0, 100]; 0: greedy
  float top_n_sigma = 0;     // [0, 100]; 0: off
  std::uint32_t top_k = 0;   // 0: off
  float typical_p = 1.0f;    // (0, 1]; 1: off
  float top_p = 1.0f;        // (0, 1]; 1: off
  float min_p = 0.05f;       // [0, 1]; 0: off
  XtcParams xtc;
  MirostatParams mirostat;
  PenaltyParams penalties;
  DryParams dry;
  std::vector<LogitBias> logit_bias;
  BanParams bans;
  std::optional<std::uint64_t> seed;  // drawn and reported where absent

  bool operator==(const SamplerParams&) const = default;
};

/// Names the field and its range (kInvalidArgument) where a value is out of bounds.
Status validate(const SamplerParams& params);

}  // namespace understory::engine
