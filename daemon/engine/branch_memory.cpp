#include "daemon/engine/branch_memory.h"

#include <algorithm>

namespace understory::engine {

std::string BranchMemory::text() const {
  std::string all;
  for (const TokenResult& token : drawn) all += token.text;
  return all;
}

bool BranchMemory::was_cut_short() const {
  return reason == FinishReason::kLength || reason == FinishReason::kTime ||
         reason == FinishReason::kCancelled;
}

void BranchMemory::type_through(std::size_t n) {
  n_shown -= std::min(n_shown, n);
  auto first = drawn.begin();
  while (first != drawn.end() && first->text.size() <= n) n -= (first++)->text.size();
  drawn.erase(drawn.begin(), first);
  if (!drawn.empty()) drawn.front().text.erase(0, n);
}

}  // namespace understory::engine
