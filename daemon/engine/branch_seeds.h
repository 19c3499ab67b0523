// Seeds of the branches of one request.
//
// The first tokens of n branches are drawn without replacement, and yet each branch is to be
// reproducible alone, with n = 1 and the seed it reports. So the seed is searched for, not the
// token: branch 0 has the request's own seed; each later branch takes the first seed of a
// fixed stream whose own first draw no earlier branch has. Drawing again while the token is
// taken is drawing from the distribution without the taken tokens, renormalised.
//
// Where (nearly) all probability is taken, a branch may begin as an earlier one does and part
// from it later. Greedy branches (temperature 0) begin with the first, second ... likeliest
// token; only the first of them is what n = 1 gives.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/engine/next_token.h"

namespace understory::engine {

struct FirstToken {
  std::uint64_t seed = 0;
  std::optional<Drawn> drawn;  // nullopt where nothing may be drawn
};

std::vector<FirstToken> choose_first_tokens(std::uint32_t n, std::uint64_t request_seed,
                                            bool greedy, NextToken& next);

}  // namespace understory::engine
