#include "daemon/server/server.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <optional>
#include <thread>
#include <unordered_map>

#include "daemon/requests/services.h"
#include "daemon/server/session.h"
#include "daemon/server/socket_lock.h"

namespace understory::server {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr milliseconds kFailedLinger{3000};  // for clients to ask why loading failed
constexpr milliseconds kFlushLimit{2000};    // for clients to read their last answers
constexpr milliseconds kAcceptRetry{100};    // after running out of file descriptors

bool is_own_user(asio::local::stream_protocol::socket& socket) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}

}  // namespace

// All members belong to the io thread, which is the one that calls run().
class Server::Impl {
 public:
  explicit Impl(ServerOptions options) : options_(std::move(options)) {
    services_.resident = &resident_;
    services_.stories = &stories_;
    services_.socket = options_.socket.string();
    services_.presets = options_.presets;
    services_.shut_down = [this] { asio::post(io_, [this] { stop("a client asked for it"); }); };
    services_.n_clients = [this] { return static_cast<std::uint32_t>(sessions_.size()); };
    services_.in_background = [this](std::function<void()> work) {
      asio::post(background_, std::move(work));
    };
  }

  ~Impl() {
    if (stopper_.joinable()) stopper_.join();
    resident_.stop();
    stories_.finish();
    background_.join();
    remove_socket();
  }

  Status listen() {
    Result<SocketLock> lock = SocketLock::acquire(options_.socket);
    if (!lock) return lock.error();
    lock_.emplace(std::move(lock).value());
    error_code error;
    asio::local::stream_protocol::endpoint endpoint;
    try {
      endpoint.path(options_.socket.string());
    } catch (const boost::system::system_error&) {
      return Error{ErrorCode::kInvalidArgument,
                   "the socket's path is too long: " + options_.socket.string()};
    }
    acceptor_.open(endpoint.protocol(), error);
    // Nobody else may connect, not even between bind and chmod.
    const mode_t old_mask = umask(0177);
    if (!error) acceptor_.bind(endpoint, error);
    umask(old_mask);
    bound_ = !error;
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Error{ErrorCode::kIo,
                   "cannot listen at " + options_.socket.string() + ": " + error.message()};
    }
    return {};
  }

  Status run(requests::Loader loader) {
    spdlog::info("listening at {}", options_.socket.string());
    signals_.async_wait([this](error_code error, int signal) {
      if (!error) stop(signal == SIGTERM ? "SIGTERM" : "SIGINT");
    });
    accept();
    watch_idle();
    resident_.start(std::move(loader), [this](const requests::ResidentModel::Snapshot& now) {
      asio::post(io_, [this, now] { on_model_change(now); });
    });
    io_.run();
    return exit_status_;
  }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, asio::local::stream_protocol::socket socket) {
      if (stopping_) return;
      if (error) {
        spdlog::warn("cannot accept a client: {}", error.message());
        accept_timer_.expires_after(kAcceptRetry);
        return accept_timer_.async_wait([this](error_code) {
          if (!stopping_) accept();
        });
      }
      if (!is_own_user(socket)) {
        spdlog::warn("refused a client of another user");
      } else if (sessions_.size() >= kMaxSessions) {
        spdlog::warn("refused a client: there are {} already", sessions_.size());
      } else {
        add_session(std::move(socket));
      }
      accept();
    });
  }

  void add_session(asio::local::stream_protocol::socket socket) {
    const engine::ClientId id = ++last_client_;
    auto session = std::make_shared<Session>(
        std::move(socket), services_, id, [this](engine::ClientId gone) { remove_session(gone); });
    sessions_.emplace(id, session);
    session->start();
    idle_timer_.cancel();
  }

  void remove_session(engine::ClientId id) {
    // From inside one of the session's own handlers.
    asio::post(io_, [this, id] {
      sessions_.erase(id);
      if (!sessions_.empty()) return;
      if (flushing_) return finish();
      watch_idle();
    });
  }

  void watch_idle() {
    if (options_.idle_exit.count() == 0 || stopping_) return;
    idle_timer_.expires_after(options_.idle_exit);
    idle_timer_.async_wait([this](error_code error) {
      if (!error && sessions_.empty()) stop("nobody needs it");
    });
  }

  void on_model_change(const requests::ResidentModel::Snapshot& now) {
    protocol::ProgressNotice notice{std::string(to_string(now.state)), now.progress, {}};
    if (now.error) notice.error = protocol::to_failure(*now.error);
    for (auto& [id, session] : sessions_) {
      session->post([s = session.get(), notice] { s->connection().on_progress(notice); });
    }
    if (now.state == requests::ModelState::kReady) {
      spdlog::info("ready in {:.0f} ms: {} on {}", now.load_ms, now.loaded->model.name,
                   now.loaded->device.name);
    } else if (now.state == requests::ModelState::kFailed && !stopping_) {
      spdlog::error("{}", now.error->message);
      exit_status_ = *now.error;
      failed_timer_.expires_after(kFailedLinger);
      failed_timer_.async_wait([this](error_code error) {
        if (!error) stop("there is no model");
      });
    }
  }

  // Engine and loader may take a step's time to end, so another thread waits for them.
  void stop(std::string_view why) {
    if (std::exchange(stopping_, true)) return;
    spdlog::info("stopping: {}", why);
    resident_.begin_stop();
    error_code ignored;
    acceptor_.close(ignored);
    remove_socket();
    signals_.cancel(ignored);
    signals_.clear(ignored);  // the next one kills
    for (asio::steady_timer* timer : {&accept_timer_, &idle_timer_, &failed_timer_})
      timer->cancel();
    stopper_ = std::thread([this] {
      resident_.stop();
      stories_.finish();  // behind what the engine made for them
      asio::post(io_, [this] { flush(); });
    });
  }

  void flush() {
    flushing_ = true;
    if (sessions_.empty()) return finish();
    for (const auto& [id, session] : sessions_) {
      // Behind the answers that the engine has posted.
      session->post([s = session.get()] { s->close_when_written(); });
    }
    flush_timer_.expires_after(kFlushLimit);
    flush_timer_.async_wait([this](error_code error) {
      if (error) return;
      for (const auto& [id, session] : sessions_) {
        session->post([s = session.get()] { s->close(); });
      }
    });
  }

  void finish() { flush_timer_.cancel(); }

  void remove_socket() {
    if (std::exchange(bound_, false)) unlink(options_.socket.c_str());
  }

  ServerOptions options_;
  Status exit_status_;
  std::optional<SocketLock> lock_;
  requests::ResidentModel resident_;
  story::Library stories_;
  requests::Services services_;

  asio::thread_pool background_{1};
  asio::io_context io_{1};
  asio::local::stream_protocol::acceptor acceptor_{io_};
  asio::signal_set signals_{io_, SIGTERM, SIGINT};
  asio::steady_timer accept_timer_{io_};
  asio::steady_timer idle_timer_{io_};
  asio::steady_timer failed_timer_{io_};
  asio::steady_timer flush_timer_{io_};
  std::unordered_map<engine::ClientId, std::shared_ptr<Session>> sessions_;
  engine::ClientId last_client_ = 0;
  std::thread stopper_;
  bool bound_ = false;
  bool stopping_ = false;
  bool flushing_ = false;
};

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Server::~Server() = default;
Status Server::listen() {
  return impl_->listen();
}
Status Server::run(requests::Loader loader) {
  return impl_->run(std::move(loader));
}

}  // namespace understory::server
