// `understory bridge`: the protocol as lines of JSON on stdin and stdout, for editors and scripts
// that speak neither MessagePack nor Unix sockets. Vim runs it as a job.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <string>

#include "cli/command.h"
#include "cli/daemon_starter.h"
#include "cli/json_lines.h"
#include "protocol/connect.h"
#include "protocol/frame.h"

namespace understory::cli {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
/// What may wait on either side before the other is read no further.
constexpr std::size_t kMaxWaitingBytes = std::size_t{8} << 20;
/// A pipe that is ready takes this much without blocking (POSIX: PIPE_BUF).
constexpr std::size_t kWriteBytes = 4096;

class Bridge {
 public:
  explicit Bridge(int socket) : socket_(socket), frames_(protocol::kAnswerLimits) {}
  ~Bridge() { close(socket_); }
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  /// Until stdin ends and every request is answered, or nobody reads stdout. Throws where the
  /// daemon goes away.
  int run() {
    while (!is_done()) {
      std::array<pollfd, 3> polled{{{input_ended_ ? -1 : STDIN_FILENO, input_events(), 0},
                                    {socket_, socket_events(), 0},
                                    {STDOUT_FILENO, output_events(), 0}}};
      if (poll(polled.data(), polled.size(), -1) < 0) continue;  // EINTR
      const auto ready = [&](std::size_t i) { return polled[i].revents != 0; };
      if (ready(2) && !write_output()) return kExitOk;
      if (ready(1)) exchange_with_daemon(polled[1].revents);
      if (ready(0)) read_input();
    }
    return kExitOk;
  }

 private:
  bool is_done() const {
    return input_ended_ && open_requests_.empty() && to_daemon_.empty() && output_.empty();
  }
  short input_events() const { return to_daemon_.size() < kMaxWaitingBytes ? POLLIN : 0; }
  short socket_events() const {
    return static_cast<short>((output_.size() < kMaxWaitingBytes ? POLLIN : 0) |
                              (to_daemon_.empty() ? 0 : POLLOUT));
  }
  short output_events() const { return output_.empty() ? 0 : POLLOUT; }

  void read_input() {
    std::array<char, kReadBytes> bytes;
    const ssize_t n = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n > 0) {
      input_.append(bytes.data(), static_cast<std::size_t>(n));
    } else {
      input_ended_ = true;
      if (!input_.empty()) input_ += '\n';
    }
    std::size_t start = 0;
    for (std::size_t end; (end = input_.find('\n', start)) != std::string::npos; start = end + 1) {
      take_line(std::string_view(input_).substr(start, end - start));
    }
    input_.erase(0, start);
    if (input_.size() > kMaxLineBytes) {
      throw CommandFailure(kExitFailed,
                           {ErrorCode::kProtocol, "a line on stdin has more than " +
                                                      std::to_string(kMaxLineBytes) + " bytes"});
    }
  }

  void take_line(std::string_view line) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    JsonLineError problem;
    std::optional<std::uint32_t> request;
    const std::optional<std::string> frame = frame_of_line(line, problem, request);
    if (!frame) {
      output_ += error_line(problem) + "\n";
      return;
    }
    if (request) open_requests_.insert(*request);
    to_daemon_ += *frame;
  }

  void exchange_with_daemon(short events) {
    if ((events & POLLOUT) != 0) {
      const ssize_t n = send(socket_, to_daemon_.data(), to_daemon_.size(), MSG_NOSIGNAL);
      if (n > 0) to_daemon_.erase(0, static_cast<std::size_t>(n));
      // A failure shows when reading, after what the daemon still had to say.
    }
    if ((events & (POLLIN | POLLHUP | POLLERR)) == 0) return;
    std::array<char, kReadBytes> bytes;
    const ssize_t n = recv(socket_, bytes.data(), bytes.size(), 0);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) fail({ErrorCode::kUnavailable, "the daemon closed the connection"});
    frames_.append({bytes.data(), static_cast<std::size_t>(n)});
    take_frames();
  }

  void take_frames() {
    while (true) {
      const Result<std::optional<std::string_view>> frame = frames_.next();
      if (!frame) fail(frame.error());
      if (!frame->has_value()) return;
      std::optional<std::uint32_t> response;
      const Result<std::string> line = line_of_frame(**frame, response);
      if (!line) fail(line.error());
      if (response) open_requests_.erase(*response);
      output_ += *line + "\n";
    }
  }

  /// False where nobody reads any more.
  bool write_output() {
    if (output_.empty()) return false;  // only POLLERR or POLLHUP wake an empty output
    const ssize_t n = write(STDOUT_FILENO, output_.data(), std::min(output_.size(), kWriteBytes));
    if (n > 0) output_.erase(0, static_cast<std::size_t>(n));
    return n > 0 || errno == EINTR || errno == EAGAIN;
  }

  [[noreturn]] void fail(Error error) {
    while (!output_.empty() && write_output()) {
    }
    const ExitCode code = error.code == ErrorCode::kUnavailable ? kExitNoDaemon : kExitFailed;
    throw CommandFailure(code, std::move(error));
  }

  int socket_;
  bool input_ended_ = false;
  std::string input_;      // the line at hand
  std::string to_daemon_;  // frames
  std::string output_;     // lines
  protocol::FrameSplitter frames_;
  std::set<std::uint32_t> open_requests_;
};

int run_bridge(const CommonOptions& options) {
  // Returns once a daemon is ready; the editor's connection is a new one, with nothing said yet.
  (void)connect_or_fail(options);
  Result<int> socket = protocol::connect_to_socket(socket_of(options));
  if (!socket) throw CommandFailure(kExitNoDaemon, socket.error());
  return Bridge(*socket).run();
}

}  // namespace

void add_bridge(CLI::App& app, Run& run) {
  const auto options = std::make_shared<CommonOptions>();
  CLI::App& command =
      *app.add_subcommand("bridge", "The daemon's protocol as lines of JSON, for editors");
  add_common_options(command, *options);
  command.footer(
      "One message a line, on stdin and stdout; see cli/README.md. Starts a daemon where none\n"
      "runs. Ends with stdin, once every request is answered.\n\n"
      "Example:\n"
      "  echo '[0, 1, \"complete\", [{\"prefix\": \"It was\"}]]' | understory bridge");
  command.callback([options, &run] { run = [options] { return run_bridge(*options); }; });
}

}  // namespace understory::cli
