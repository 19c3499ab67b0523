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

bool is_taken(const std::vector<tokenizer::TokenId>& taken, const std::optional<Drawn>& drawn) {
  return drawn && std::find(taken.begin(), taken.end(), drawn->token) != taken.end();
}

}  // namespace

FirstToken BranchSeeds::draw(std::uint32_t branch, NextToken& next) {
  if (n_tried_.size() <= branch) n_tried_.resize(branch + 1);
  FirstToken first{request_seed_, std::nullopt};
  if (greedy_) {
    if (branch > 0) first.seed = derived_seed(request_seed_, branch, 0);
    first.drawn = next.likeliest(n_drawn_);
  } else {
    const std::uint64_t end = n_tried_[branch] + kMaxTries;
    do {
      const std::uint64_t attempt = n_tried_[branch]++;
      if (branch > 0) first.seed = derived_seed(request_seed_, branch, attempt);
      first.drawn = next.pick({first.seed, 0});
    } while (branch > 0 && n_tried_[branch] < end && is_taken(taken_, first.drawn));
  }
  ++n_drawn_;
  if (first.drawn) taken_.push_back(first.drawn->token);
  return first;
}

}  // namespace understory::engine
