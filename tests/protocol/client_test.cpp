#include "protocol/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <thread>

#include "protocol/frame.h"

using namespace understory;
using namespace understory::protocol;

namespace {

// A scripted daemon: takes one connection and hands each request to `answer`, which returns
// the bytes to send back; an empty string closes the connection.
class FakeDaemon {
 public:
  using Answer = std::function<std::string(const Message&)>;

  explicit FakeDaemon(Answer answer) {
    char pattern[] = "/tmp/understory-test-XXXXXX";
    directory_ = mkdtemp(pattern);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, socket().c_str());
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(listen(listener_, 4) == 0);
    thread_ = std::thread([this, answer = std::move(answer)] { serve(answer); });
  }
  ~FakeDaemon() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    std::filesystem::remove_all(directory_);
  }
  std::filesystem::path socket() const { return directory_ / "u.sock"; }

 private:
  void serve(const Answer& answer) {
    const int fd = accept(listener_, nullptr, nullptr);
    FrameSplitter frames(kRequestLimits);
    char bytes[4096];
    for (ssize_t n; fd >= 0 && (n = recv(fd, bytes, sizeof(bytes), 0)) > 0;) {
      frames.append({bytes, static_cast<std::size_t>(n)});
      for (;;) {
        auto frame = frames.next();
        if (!frame || !frame->has_value()) break;
        FrameError problem;
        const std::string reply = answer(*parse_message(**frame, problem));
        if (reply.empty()) {
          close(fd);
          return;
        }
        ::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL);
      }
    }
    if (fd >= 0) close(fd);
  }

  std::filesystem::path directory_;
  int listener_ = -1;
  std::thread thread_;
};

}  // namespace

TEST_CASE("A call returns the daemon's result after its chunks", "[unit]") {
  CompleteResult answer;
  answer.branches.resize(1);
  answer.branches[0].text = "one two";
  FakeDaemon daemon([answer](const Message& m) {
    return encode_notification(ChunkNotice{m.id, 0, "one"}) +
           encode_notification(ChunkNotice{m.id, 0, " two"}) + encode_response(m.id, answer);
  });
  Result<Client> client = Client::connect(daemon.socket());
  REQUIRE(client.ok());
  std::string streamed;
  client->on_chunk([&](const ChunkNotice& chunk) { streamed += chunk.text; });
  Result<CompleteResult> result = client->call(CompleteParams{});
  REQUIRE(result.ok());
  CHECK(result->branches.at(0).text == "one two");
  CHECK(streamed == "one two");
}

TEST_CASE("A call returns the daemon's error", "[unit]") {
  FakeDaemon daemon([](const Message& m) {
    return encode_error(m.id, {ErrorCode::kLoading, "wait a little"});
  });
  Result<Client> client = Client::connect(daemon.socket());
  Result<StatusResult> status = client->call(StatusParams{});
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == ErrorCode::kLoading);
  CHECK(status.error().message == "wait a little");
}

TEST_CASE("A lost connection answers every open request", "[unit]") {
  FakeDaemon daemon([](const Message&) { return std::string(); });
  Result<Client> client = Client::connect(daemon.socket());
  int n_lost = 0;
  for (int i = 0; i < 3; ++i) {
    (void)client->send(StatusParams{}, [&](Result<StatusResult> r) {
      n_lost += !r.ok() && r.error().code == ErrorCode::kUnavailable;
    });
  }
  (void)client->wait_until([&] { return client->fd() < 0; });
  CHECK(n_lost == 3);
  CHECK(client->call(StatusParams{}).error().code == ErrorCode::kUnavailable);
}

TEST_CASE("A call gives up at its timeout and a late answer is dropped", "[unit]") {
  int n_requests = 0;
  std::uint32_t first_id = 0;
  FakeDaemon daemon([&](const Message& m) {
    if (++n_requests == 1) {
      first_id = m.id;
      return encode_notification(ProgressNotice{"loading", 0.5f, {}});
    }
    return encode_response(first_id, ShutdownResult{1}) + encode_response(m.id, ShutdownResult{2});
  });
  Result<Client> client = Client::connect(daemon.socket());
  CHECK(client->call(ShutdownParams{}, 20).error().code == ErrorCode::kUnavailable);
  CHECK(client->call(ShutdownParams{})->pid == 2);
}

TEST_CASE("A poll loop drives the client without blocking", "[unit]") {
  FakeDaemon daemon([](const Message& m) { return encode_response(m.id, ShutdownResult{m.id}); });
  Result<Client> client = Client::connect(daemon.socket());
  std::optional<std::uint32_t> answer;
  REQUIRE(client->send(ShutdownParams{}, [&](Result<ShutdownResult> r) { answer = r->pid; }).ok());
  while (!answer) {
    pollfd p{client->fd(), static_cast<short>(POLLIN | (client->wants_write() ? POLLOUT : 0)), 0};
    REQUIRE(poll(&p, 1, 5000) == 1);
    if ((p.revents & POLLOUT) != 0) REQUIRE(client->on_writable().ok());
    if ((p.revents & POLLIN) != 0) REQUIRE(client->on_readable().ok());
  }
  CHECK(*answer == 1);
}

TEST_CASE("Garbage from the other side ends the connection with a protocol error", "[unit]") {
  FakeDaemon daemon([](const Message&) { return std::string("\xc1"); });
  Result<Client> client = Client::connect(daemon.socket());
  CHECK(client->call(StatusParams{}).error().code == ErrorCode::kProtocol);
  CHECK(client->fd() == -1);
}

TEST_CASE("Connecting where nobody listens says so", "[unit]") {
  Result<Client> client = Client::connect("/tmp/understory-nobody/u.sock");
  REQUIRE_FALSE(client.ok());
  CHECK(client.error().code == ErrorCode::kUnavailable);
  CHECK(client.error().message.find("start understoryd") != std::string::npos);
  CHECK(Client::connect(std::string(200, 'x')).error().code == ErrorCode::kInvalidArgument);
}
