#include "daemon/engine/branch_seeds.h"

#include <algorithm>

#include "daemon/engine/random.h"

namespace understory::engine {
namespace {

constexpr std::uint64_t kMaxTries = 1024;

/// The try-th candidate seed for a branch; distinct streams for distinct branches.
std::uint64_t derived_seed(std::uint64_t request_seed, std::uint64_t branch,
                           std::uint64_t attempt) {
  return random_bits(mix64(request_seed) ^ branch, attempt) & kChosenSeedMask;
}

bool taken(const std::vector<FirstToken>& firsts, const std::optional<Drawn>& drawn) {
  return drawn && std::any_of(firsts.begin(), firsts.end(), [&](const FirstToken& first) {
           return first.drawn && first.drawn->token == drawn->token;
         });
}

}  // namespace

std::vector<FirstToken> choose_first_tokens(std::uint32_t n, std::uint64_t request_seed,
                                            bool greedy, NextToken& next) {
  std::vector<FirstToken> firsts;
  for (std::uint32_t branch = 0; branch < n; ++branch) {
    FirstToken first;
    for (std::uint64_t attempt = 0; attempt < kMaxTries; ++attempt) {
      first.seed = branch == 0 ? request_seed : derived_seed(request_seed, branch, attempt);
      first.drawn = greedy ? next.likeliest(branch) : next.pick({first.seed, 0});
      if (greedy || !taken(firsts, first.drawn)) break;
    }
    firsts.push_back(first);
  }
  return firsts;
}

}  // namespace understory::engine
