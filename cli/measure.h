// Measurements of a daemon: what `bench` prints and `doctor` gives a taste of.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "protocol/client.h"

namespace understory::cli {

/// A text of about n_tokens tokens that no earlier call gave, so that no cache holds it.
Result<std::string> make_unique_prompt(protocol::Client& client, std::size_t n_tokens);

struct Prefill {
  double tok_s = 0;
  double ttft_cold_ms = 0;  // to the first token after a prompt that is in no cache
  double ttft_warm_ms = 0;  // the same prompt again
};
/// kCancelled after Ctrl-C, as below.
Result<Prefill> measure_prefill(protocol::Client& client, std::size_t n_tokens);

/// Tokens a second of one branch of n_tokens tokens.
Result<double> measure_decode(protocol::Client& client, std::uint32_t n_tokens);

/// 0 where there are none.
double median(std::vector<double> values);

}  // namespace understory::cli
