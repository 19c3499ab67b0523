// Seeds of the branches of one request.
//
// The first tokens of n branches are drawn without replacement, and yet each branch is to be
// reproducible alone, with n = 1 and the seed it reports. So the seed is searched for, not the
// token: branch 0 has the request's own seed; each later branch takes the first seed of a
// fixed stream whose own first draw no earlier branch has. Drawing again while the token is
// taken is drawing from the distribution without the taken tokens, renormalised. A branch that
// turns out to be a near-duplicate goes on in its stream the same way.
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

class BranchSeeds {
 public:
  BranchSeeds(std::uint64_t request_seed, bool greedy)
      : request_seed_(request_seed), greedy_(greedy) {}

  /// The branch's first token, or another one in place of all that were drawn so far. `next` is
  /// what the first token is drawn from, whenever that is.
  FirstToken draw(std::uint32_t branch, NextToken& next);

 private:
  std::uint64_t request_seed_;
  bool greedy_;
  std::uint32_t n_drawn_ = 0;
  std::vector<tokenizer::TokenId> taken_;
  std::vector<std::uint64_t> n_tried_;  // seeds of each branch's stream
};

}  // namespace understory::engine
