#include "tui/link/daemon_link.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "tui/link/start_process.h"

namespace understory::tui {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kConnectTimeoutMs = 2000;
constexpr auto kRetry = std::chrono::milliseconds(500);
constexpr int kLookMs = 100;  // while a daemon is being started

void ring(int fd) {
  const std::uint64_t one = 1;
  (void)!write(fd, &one, sizeof(one));
}

void silence(int fd) {
  std::uint64_t count = 0;
  (void)!read(fd, &count, sizeof(count));
}

}  // namespace

struct DaemonLink::State {
  struct Job {
    Ticket ticket = 0;
    Send send;  // empty: cancel the ticket
    std::function<void(const protocol::ChunkNotice&)> on_chunk;
  };

  explicit State(LinkOptions o) : options(std::move(o)) {}

  const LinkOptions options;
  const int inbox = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);   // wakes the thread
  const int outbox = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);  // wakes the app

  std::mutex mutex;
  std::deque<Job> jobs;
  std::vector<std::function<void()>> callbacks;
  LinkState link;
  bool link_changed = false;
  bool wants_start = false;
  std::atomic<bool> is_ending{false};
  Ticket last_ticket = 0;

  // The thread's own.
  std::optional<protocol::Client> client;
  std::optional<StartProcess> starting;
  std::string start_problem;
  Clock::time_point try_at{};
  std::map<Ticket, std::uint32_t> ids;
  std::map<std::uint32_t, std::function<void(const protocol::ChunkNotice&)>> chunk_handlers;
  std::thread thread;

  void run();
  void connect_again();
  void greet();
  void ask_status();
  void look_at_start();
  void pump(const pollfd& p);
  void set_link(LinkState next);
  void post(std::function<void()> callback);
};

void DaemonLink::State::post(std::function<void()> callback) {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    callbacks.push_back(std::move(callback));
  }
  ring(outbox);
}

void DaemonLink::State::set_link(LinkState next) {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    link = std::move(next);
    link_changed = true;
  }
  ring(outbox);
}

void DaemonLink::State::run() {
  bool may_start = !options.start_command.empty();
  while (!is_ending) {
    if (!client && !starting && Clock::now() >= try_at) {
      connect_again();
      bool start_now = false;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        start_now = std::exchange(wants_start, false) || may_start;
      }
      may_start = false;
      if (!client && start_now && !options.start_command.empty()) {
        starting.emplace();
        set_link({LinkState::Kind::kStarting, "", 0, "", ""});
        if (!starting->run(options.start_command)) look_at_start();
      }
    }
    std::array<pollfd, 2> fds{};
    fds[0] = {inbox, POLLIN, 0};
    const int fd = client ? client->fd() : -1;
    fds[1] = {fd, static_cast<short>(POLLIN | (client && client->wants_write() ? POLLOUT : 0)), 0};
    int timeout = -1;
    if (starting) {
      timeout = kLookMs;
    } else if (!client) {
      timeout =
          static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(kRetry).count());
    }
    poll(fds.data(), fds.size(), timeout);
    if ((fds[0].revents & POLLIN) != 0) silence(inbox);
    if (starting) look_at_start();
    if (client) pump(fds[1]);
    if (is_ending) return;
    std::deque<Job> todo;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      todo.swap(jobs);
    }
    for (Job& job : todo) {
      if (!job.send) {
        const auto id = ids.find(job.ticket);
        if (id == ids.end()) continue;
        chunk_handlers.erase(id->second);
        if (client) (void)client->send(protocol::CancelParams{id->second}, {});
        continue;
      }
      const Done done = [this, ticket = job.ticket] {
        const auto id = ids.find(ticket);
        if (id == ids.end()) return;
        chunk_handlers.erase(id->second);
        ids.erase(id);
      };
      const bool is_usable = client && client->fd() >= 0;
      const std::uint32_t id = job.send(is_usable ? &*client : nullptr, done);
      if (id == 0) continue;
      ids[job.ticket] = id;
      if (job.on_chunk) chunk_handlers[id] = std::move(job.on_chunk);
    }
  }
}

void DaemonLink::State::connect_again() {
  try_at = Clock::now() + kRetry;
  Result<protocol::Client> connected = protocol::Client::connect(options.socket, kConnectTimeoutMs);
  if (!connected && starting) return;
  if (!connected) {
    const std::string reason = start_problem.empty() ? connected.error().message : start_problem;
    LinkState now;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      now = link;
    }
    if (now.kind != LinkState::Kind::kAbsent || now.reason != reason) {
      set_link({LinkState::Kind::kAbsent, reason, 0, "", ""});
    }
    return;
  }
  client.emplace(*std::move(connected));
  start_problem.clear();
  greet();
}

void DaemonLink::State::greet() {
  client->on_chunk([this](const protocol::ChunkNotice& chunk) {
    const auto handler = chunk_handlers.find(chunk.request);
    if (handler == chunk_handlers.end()) return;
    post([on_chunk = handler->second, chunk] { on_chunk(chunk); });
  });
  client->on_progress([this](const protocol::ProgressNotice& notice) {
    if (notice.state == "loading") {
      set_link({LinkState::Kind::kLoading, "", notice.progress, "", ""});
    } else {
      ask_status();
    }
  });
  protocol::HelloParams hello;
  hello.client = "understory write";
  hello.client_version = protocol::version();
  hello.progress = true;
  (void)client->send(hello, [this](const Result<protocol::HelloResult>& answer) {
    if (answer) ask_status();
  });
}

void DaemonLink::State::ask_status() {
  if (!client || client->fd() < 0) return;
  (void)client->send(protocol::StatusParams{}, [this](const Result<protocol::StatusResult>& s) {
    if (!s) return;
    LinkState next;
    if (s->state == "ready") {
      next.kind = LinkState::Kind::kReady;
      if (s->model) next.model = s->model->name;
      if (s->device) next.device = s->device->name;
    } else if (s->state == "loading") {
      next.kind = LinkState::Kind::kLoading;
      next.progress = s->progress;
    } else {
      next.kind = LinkState::Kind::kAbsent;
      next.reason = s->error ? s->error->message : "the daemon is " + s->state;
    }
    set_link(next);
  });
}

void DaemonLink::State::look_at_start() {
  if (!client && Clock::now() >= try_at) connect_again();
  if (!starting->has_ended()) return;
  if (!starting->succeeded()) start_problem = starting->problem();
  starting.reset();
  try_at = {};
}

void DaemonLink::State::pump(const pollfd& p) {
  if ((p.revents & POLLOUT) != 0) (void)client->on_writable();
  if ((p.revents & (POLLIN | POLLHUP | POLLERR)) != 0) (void)client->on_readable();
  if (client->fd() >= 0) return;
  client.reset();
  ids.clear();
  chunk_handlers.clear();
  try_at = {};
  set_link({LinkState::Kind::kAbsent, "the daemon has ended", 0, "", ""});
}

DaemonLink::DaemonLink(LinkOptions options) : state_(std::make_unique<State>(std::move(options))) {
  state_->thread = std::thread([s = state_.get()] { s->run(); });
}

DaemonLink::~DaemonLink() {
  state_->is_ending = true;
  ring(state_->inbox);
  state_->thread.join();
  // Callbacks of open requests may still be called when the client goes.
  state_->client.reset();
  close(state_->inbox);
  close(state_->outbox);
}

int DaemonLink::fd() const {
  return state_->outbox;
}

void DaemonLink::run_callbacks() {
  silence(state_->outbox);
  std::vector<std::function<void()>> callbacks;
  bool changed = false;
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    callbacks.swap(state_->callbacks);
    changed = std::exchange(state_->link_changed, false);
  }
  for (const auto& callback : callbacks) callback();
  if (changed && on_state) on_state();
}

LinkState DaemonLink::state() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->link;
}

void DaemonLink::start_daemon() {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->wants_start = true;
  }
  ring(state_->inbox);
}

DaemonLink::Ticket DaemonLink::enqueue(Send send,
                                       std::function<void(const protocol::ChunkNotice&)> on_chunk) {
  Ticket ticket = 0;
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    ticket = ++state_->last_ticket;
    state_->jobs.push_back({ticket, std::move(send), std::move(on_chunk)});
  }
  ring(state_->inbox);
  return ticket;
}

void DaemonLink::cancel(Ticket ticket) {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->jobs.push_back({ticket, {}, {}});
  }
  ring(state_->inbox);
}

void DaemonLink::post(std::function<void()> callback) {
  state_->post(std::move(callback));
}

}  // namespace understory::tui
