// Listens at the socket, keeps the sessions, and ends them in order: no new clients, the engine
// stopped and every request answered, the answers written, the socket removed.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/result.h"
#include "daemon/requests/presets.h"
#include "daemon/requests/resident_model.h"

namespace understory::server {

inline constexpr std::uint32_t kMaxSessions = 256;

struct ServerOptions {
  std::filesystem::path socket;
  std::chrono::seconds idle_exit{0};  // ends when no client was there for so long; 0: never
  requests::Presets presets;
};

class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();

  /// Binds the socket; see SocketLock::acquire for the errors.
  Status listen();

  /// Loads the model beside serving, until SIGTERM, SIGINT, `shutdown` or a failed load. Ok, or
  /// why loading failed.
  Status run(requests::Loader loader);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace understory::server
