#include "cli/daemon_starter.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "cli/request.h"
#include "cli/terminal.h"
#include "protocol/socket_path.h"

namespace understory::cli {
namespace fs = std::filesystem;
namespace {

constexpr int kConnectTimeoutMs = 5000;
constexpr int kListenTimeoutMs = 60'000;  // from exec to the socket; slow disks, busy machines
constexpr int kRetryMs = 10;
constexpr int kShutdownTimeoutMs = 10'000;

using Clock = std::chrono::steady_clock;

bool passed(Clock::time_point start, int timeout_ms) {
  return Clock::now() - start > std::chrono::milliseconds(timeout_ms);
}

/// Holds an exclusive lock on a file while it lives.
class StartLock {
 public:
  static Result<StartLock> take(const fs::path& path) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
      return Error{ErrorCode::kIo, "cannot open the lock file " + path.string() + ": " +
                                       strerror(errno) + "; give a --socket in a folder of yours"};
    }
    StartLock lock(fd);
    while (flock(fd, LOCK_EX) != 0) {
      if (errno == EINTR) continue;
      return Error{ErrorCode::kIo, "cannot lock " + path.string() + ": " + strerror(errno)};
    }
    return lock;
  }
  StartLock(StartLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~StartLock() {
    if (fd_ >= 0) close(fd_);
  }

 private:
  explicit StartLock(int fd) : fd_(fd) {}
  int fd_;
};

/// Why a daemon ended: the last "[error]" line of its log, or all that it wrote.
std::string own_words(const LaunchedDaemon& daemon, const fs::path& log) {
  const std::string tail = daemon.log_tail();
  if (tail.empty()) return "it ended without a word; its log is " + log.string();
  constexpr std::string_view kMark = "[error] ";
  const std::size_t mark = tail.rfind(kMark);
  if (mark == std::string::npos) {
    // An option or a configuration file that it does not take comes before the log.
    constexpr std::string_view kName = "understoryd: ";
    return tail.rfind(kName, 0) == 0 ? tail.substr(kName.size()) : tail;
  }
  const std::size_t start = mark + kMark.size();
  return tail.substr(start, tail.find('\n', start) - start);
}

std::string percent(float fraction) {
  return std::to_string(std::clamp(static_cast<int>(fraction * 100), 0, 100)) + "%";
}

/// Waits for the model. Errors: loading's own, or kUnavailable where the daemon went away.
Result<protocol::StatusResult> await_ready(protocol::Client& client, const std::string& stage,
                                           ProgressLine& progress) {
  protocol::HelloParams hello;
  hello.client = "understory";
  hello.client_version = protocol::version();
  hello.progress = true;
  bool changed = false;
  client.on_progress([&](const protocol::ProgressNotice& notice) {
    progress.show(stage, percent(notice.progress));
    changed = notice.state != "loading";
  });
  const Result<protocol::HelloResult> greeted = client.call(hello);
  Result<protocol::StatusResult> status =
      greeted ? client.call(protocol::StatusParams{}) : greeted.error();
  while (status && status->state == "loading" && !is_interrupted()) {
    progress.show(stage, percent(status->progress));
    const Status waited =
        client.wait_until([&] { return changed || is_interrupted(); }, kLookAgainMs);
    if (!waited && client.fd() < 0) {
      status = waited.error();
      break;
    }
    changed = false;
    status = client.call(protocol::StatusParams{});
  }
  client.on_progress({});
  if (!status) return status.error();
  if (status->state == "ready") return status;
  if (is_interrupted()) return Error{ErrorCode::kCancelled, "interrupted while loading"};
  if (status->error) return protocol::to_error(*status->error);
  return Error{ErrorCode::kUnavailable, "the daemon is " + status->state + "; try again"};
}

/// Connects to a daemon that this program has just started.
Result<protocol::Client> await_listening(LaunchedDaemon& daemon, const fs::path& socket,
                                         const fs::path& log) {
  const Clock::time_point start = Clock::now();
  while (true) {
    const bool ended = daemon.has_ended();
    // Also after its end: another daemon may have been quicker to take the socket.
    if (fs::exists(socket)) {
      Result<protocol::Client> client = protocol::Client::connect(socket, kConnectTimeoutMs);
      if (client) return client;
    }
    if (ended) return Error{ErrorCode::kUnavailable, own_words(daemon, log)};
    if (passed(start, kListenTimeoutMs)) {
      return Error{ErrorCode::kUnavailable, "understoryd was started but does not listen on " +
                                                socket.string() + "; its log is " + log.string()};
    }
    poll(nullptr, 0, kRetryMs);
  }
}

/// A daemon that stops or whose model did not load is no daemon: asks it to go and waits.
bool is_leaving(protocol::Client& client) {
  const Result<protocol::StatusResult> status = client.call(protocol::StatusParams{});
  if (!status) return client.fd() < 0;
  if (status->state != "failed" && status->state != "stopping") return false;
  (void)client.call(protocol::ShutdownParams{}, kShutdownTimeoutMs);
  (void)client.wait_until([] { return false; }, kShutdownTimeoutMs);
  return true;
}

Result<protocol::Client> find_running(const fs::path& socket) {
  Result<protocol::Client> client = protocol::Client::connect(socket, kConnectTimeoutMs);
  if (client && is_leaving(*client)) {
    return Error{ErrorCode::kUnavailable, "the daemon at " + socket.string() + " has just ended"};
  }
  return client;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

bool is_same_model(const std::string& wanted, const protocol::ModelSummary& model) {
  std::error_code error;
  if (fs::equivalent(wanted, model.path, error)) return true;
  return wanted == model.name || wanted == fs::path(model.path).filename() ||
         wanted == fs::path(model.path).stem();
}

Status check_wishes(const CommonOptions& options, const protocol::StatusResult& status,
                    const fs::path& socket) {
  const std::string cure = "; run 'understory stop" +
                           (options.socket.empty() ? "" : " --socket " + socket.string()) +
                           "' first, or give another --socket";
  if (!options.model.empty() && status.model && !is_same_model(options.model, *status.model)) {
    return Error{ErrorCode::kInvalidArgument, "a daemon is running already, with " +
                                                  status.model->path + " instead of " +
                                                  options.model + cure};
  }
  const bool is_index = std::all_of(options.device.begin(), options.device.end(),
                                    [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!is_index && status.device && !contains_ignoring_case(status.device->name, options.device)) {
    return Error{ErrorCode::kInvalidArgument, "a daemon is running already, on " +
                                                  status.device->name + " instead of " +
                                                  options.device + cure};
  }
  return {};
}

Result<Connection> ready_connection(protocol::Client client, const std::string& stage) {
  ProgressLine progress;
  Result<protocol::StatusResult> status = await_ready(client, stage, progress);
  if (!status) return status.error();
  return Connection{std::move(client), *std::move(status)};
}

void say(const std::string& line) {
  write_all(STDERR_FILENO, "understory: " + line + "\n");
}

Result<Connection> start(const CommonOptions& options, const fs::path& socket) {
  if (Status s = protocol::prepare_socket_directory(socket); !s) return s.error();
  Result<StartLock> taken = StartLock::take(socket.string() + ".starting");
  if (!taken) return taken.error();
  std::optional<StartLock> lock(std::move(*taken));
  // Somebody else may have started one while the lock was theirs.
  if (Result<protocol::Client> client = find_running(socket)) {
    lock.reset();
    Result<Connection> connection = ready_connection(*std::move(client), "Loading the model");
    if (!connection) return connection.error();
    if (Status s = check_wishes(options, connection->status, socket); !s) return s.error();
    return connection;
  }
  Result<fs::path> log = default_log_path();
  if (!log) return log.error();
  const LaunchOptions launch{socket.string(), options.model, options.device, *log, {}};
  Result<LaunchedDaemon> daemon = LaunchedDaemon::launch(launch);
  if (!daemon) return daemon.error();
  say("no daemon was running; starting understoryd (end it with 'understory stop')");
  Result<protocol::Client> client = await_listening(*daemon, socket, *log);
  lock.reset();
  if (!client) return client.error();
  Result<Connection> connection = ready_connection(*std::move(client), "Loading the model");
  if (!connection && connection.error().code == ErrorCode::kUnavailable && daemon->has_ended()) {
    return Error{ErrorCode::kUnavailable, own_words(*daemon, *log)};
  }
  return connection;
}

}  // namespace

fs::path socket_of(const CommonOptions& options) {
  return options.socket.empty() ? protocol::default_socket_path() : fs::absolute(options.socket);
}

Result<Connection> connect_or_start(const CommonOptions& options) {
  const fs::path socket = socket_of(options);
  Result<protocol::Client> client = find_running(socket);
  // An invalid path or somebody else's folder is not cured by starting a daemon there.
  if (!client && client.error().code != ErrorCode::kUnavailable) return client.error();
  if (Status s = protocol::check_socket_directory(socket); !s) return s.error();
  if (!client) return start(options, socket);
  Result<Connection> connection = ready_connection(*std::move(client), "Loading the model");
  if (!connection) return connection.error();
  if (Status s = check_wishes(options, connection->status, socket); !s) return s.error();
  return connection;
}

namespace {

/// A second line: what to do about a daemon that could not be started.
const char* cure_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kCancelled:
      return "";
    case ErrorCode::kNotFound:
      return "\nCheck the path that --model or config.toml gives.";
    case ErrorCode::kBadModel:
      return "\nGive another file with --model, or download it again.";
    case ErrorCode::kUnsupported:
      return "\nGive another model with --model; the README lists the kinds that work.";
    case ErrorCode::kOutOfMemory:
      return "\nGive a smaller model, or a smaller context in config.toml.";
    default:
      return "\nRun 'understory doctor' to find out what is wrong.";
  }
}

}  // namespace

Connection connect_or_fail(const CommonOptions& options) {
  Result<Connection> connection = connect_or_start(options);
  if (connection) return *std::move(connection);
  Error error = connection.error();
  error.message += cure_of(error.code);
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      throw CommandFailure(kExitUsage, error);
    case ErrorCode::kCancelled:
      throw CommandFailure(kExitCancelled, error);
    default:
      throw CommandFailure(kExitNoDaemon, error);
  }
}

Result<protocol::Client> connect_to_running(const CommonOptions& options) {
  return protocol::Client::connect(socket_of(options), kConnectTimeoutMs);
}

struct PrivateDaemon::State {
  fs::path folder;
  std::optional<LaunchedDaemon> process;
  std::optional<Connection> connection;

  ~State() {
    if (connection) (void)connection->client.call(protocol::ShutdownParams{}, kShutdownTimeoutMs);
    connection.reset();
    if (process) process->terminate(kShutdownTimeoutMs);
    std::error_code error;
    if (!folder.empty()) fs::remove_all(folder, error);
  }
};

PrivateDaemon::PrivateDaemon(std::unique_ptr<State> state) : state_(std::move(state)) {}
PrivateDaemon::PrivateDaemon(PrivateDaemon&&) noexcept = default;
PrivateDaemon& PrivateDaemon::operator=(PrivateDaemon&&) noexcept = default;
PrivateDaemon::~PrivateDaemon() = default;

protocol::Client& PrivateDaemon::client() {
  return state_->connection->client;
}
const protocol::StatusResult& PrivateDaemon::status() const {
  return state_->connection->status;
}

Result<PrivateDaemon> PrivateDaemon::start(const std::string& model, const std::string& device,
                                           const std::string& stage) {
  std::string folder = (fs::temp_directory_path() / "understory-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    return Error{ErrorCode::kIo, "cannot make a temporary folder: " + std::string(strerror(errno)) +
                                     "; set TMPDIR to a folder that you can write"};
  }
  auto state = std::make_unique<State>();
  state->folder = folder;
  const fs::path socket = state->folder / "understoryd.sock";
  const fs::path log = state->folder / "understoryd.log";
  Result<LaunchedDaemon> process =
      LaunchedDaemon::launch(LaunchOptions{socket.string(), model, device, log, {}});
  if (!process) return process.error();
  state->process = *std::move(process);
  Result<protocol::Client> client = await_listening(*state->process, socket, log);
  if (!client) return client.error();
  Result<Connection> connection = ready_connection(*std::move(client), stage);
  if (!connection) return connection.error();
  state->connection.emplace(*std::move(connection));
  return PrivateDaemon(std::move(state));
}

}  // namespace understory::cli
