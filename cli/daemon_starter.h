// A connection to a daemon that is ready, starting one where none runs.
//
// Two programs that start at once start one daemon: a lock file beside the socket is held from
// the first look until the new daemon answers.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/launch.h"
#include "protocol/client.h"

namespace understory::cli {

struct Connection {
  protocol::Client client;
  protocol::StatusResult status;  // when it became ready
};

/// The socket that the options mean.
std::filesystem::path socket_of(const CommonOptions& options);

/// Connects to the user's daemon. Where none runs it starts one, says so on stderr, and shows
/// how far loading is. kInvalidArgument where the running daemon has another model or device
/// than the options ask for; otherwise why there is none, in the daemon's own words.
Result<Connection> connect_or_start(const CommonOptions& options);

/// As above, for commands: throws CommandFailure.
Connection connect_or_fail(const CommonOptions& options);

/// Connects without starting anything and without waiting for the model.
Result<protocol::Client> connect_to_running(const CommonOptions& options);

/// A daemon for one measurement, on a socket of its own in a temporary folder; ends with the
/// handle.
class PrivateDaemon {
 public:
  /// `stage` is what the progress line says meanwhile.
  static Result<PrivateDaemon> start(const std::string& model, const std::string& device,
                                     const std::string& stage);
  PrivateDaemon(PrivateDaemon&&) noexcept;
  PrivateDaemon& operator=(PrivateDaemon&&) noexcept;
  ~PrivateDaemon();

  protocol::Client& client();
  const protocol::StatusResult& status() const;

 private:
  struct State;
  explicit PrivateDaemon(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace understory::cli
