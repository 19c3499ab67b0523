// What every request handler can reach.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "daemon/requests/presets.h"
#include "daemon/requests/resident_model.h"
#include "daemon/story/library.h"

namespace understory::requests {

struct Services {
  ResidentModel* resident = nullptr;
  story::Library* stories = nullptr;
  std::string socket;
  Presets presets;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::function<void()> shut_down;                           // begins to; any thread
  std::function<std::uint32_t()> n_clients;                  // from the connections' thread
  std::function<void(std::function<void()>)> in_background;  // for work of more than a millisecond
};

}  // namespace understory::requests
