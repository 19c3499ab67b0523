// Engine results to protocol messages.
#pragma once

#include <utility>
#include <vector>

#include "daemon/engine/engine.h"
#include "protocol/messages.h"

namespace understory::requests {

inline std::vector<protocol::TopToken> to_protocol(std::vector<engine::TopToken> top) {
  std::vector<protocol::TopToken> out;
  out.reserve(top.size());
  for (engine::TopToken& t : top) out.push_back({t.id, std::move(t.text), t.logprob});
  return out;
}

}  // namespace understory::requests
