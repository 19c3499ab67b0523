// One client's socket: reads frames for its Connection and writes what that answers, through
// one strand and one bounded queue.
//
// Everything runs on the strand, except where it says otherwise.
#pragma once

#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/strand.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/requests/connection.h"
#include "protocol/frame.h"

namespace understory::server {

/// More than this waiting behind what is being written, when another answer is due, ends the
/// connection: the client does not read.
inline constexpr std::size_t kMaxQueuedBytes = std::size_t{8} << 20;

class Session : public requests::Port, public std::enable_shared_from_this<Session> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;

  /// `on_closed` is called once, on the strand.
  Session(Socket socket, requests::Services& services, engine::ClientId id,
          std::function<void(engine::ClientId)> on_closed);

  void start();

  /// Writes what is queued, then closes; reads no more.
  void close_when_written();
  void close();

  requests::Connection& connection() { return *connection_; }

  void send(std::string frame) override;
  void post(std::function<void()> work) override;  // any thread

 private:
  void read();
  void on_read(std::string_view bytes);
  void write();
  void drop(const std::string& why);

  Socket socket_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  requests::Services& services_;
  engine::ClientId id_;
  std::function<void(engine::ClientId)> on_closed_;
  std::shared_ptr<requests::Connection> connection_;

  protocol::FrameSplitter frames_{protocol::kRequestLimits};
  std::array<char, 64 * 1024> read_buffer_;
  std::deque<std::string> queue_;
  std::vector<std::string> writing_;
  std::size_t queued_bytes_ = 0;  // in queue_; writing_ is on its way
  bool reading_ = true;
  bool closed_ = false;
};

}  // namespace understory::server
