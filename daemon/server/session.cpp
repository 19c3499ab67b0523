#include "daemon/server/session.h"

#include <spdlog/spdlog.h>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace understory::server {

namespace asio = boost::asio;
using boost::system::error_code;

Session::Session(Socket socket, requests::Services& services, engine::ClientId id,
                 std::function<void(engine::ClientId)> on_closed)
    : socket_(std::move(socket)),
      strand_(asio::make_strand(socket_.get_executor())),
      services_(services),
      id_(id),
      on_closed_(std::move(on_closed)) {}

void Session::start() {
  connection_ = std::make_shared<requests::Connection>(services_, id_, weak_from_this());
  asio::post(strand_, [self = shared_from_this()] { self->read(); });
}

void Session::read() {
  if (!reading_ || closed_) return;
  socket_.async_read_some(
      asio::buffer(read_buffer_),
      asio::bind_executor(strand_, [self = shared_from_this()](error_code error, std::size_t n) {
        if (self->closed_ || !self->reading_) return;
        if (error) return self->close();
        // The session's error boundary: whatever fails here ends this connection alone.
        try {
          self->on_read({self->read_buffer_.data(), n});
        } catch (const std::exception& e) {
          self->drop(e.what());
        }
        self->read();
      }));
}

void Session::on_read(std::string_view bytes) {
  frames_.append(bytes);
  while (reading_ && !closed_) {
    const Result<std::optional<std::string_view>> frame = frames_.next();
    if (!frame) {
      connection_->on_broken_stream(frame.error(), frames_.pending_request_id());
      return close_when_written();
    }
    if (!frame->has_value()) return;
    if (!connection_->on_frame(**frame)) return close_when_written();
  }
}

void Session::send(std::string frame) {
  if (closed_) return;
  if (queued_bytes_ > kMaxQueuedBytes) {
    return drop("it does not read its answers (" + std::to_string(queued_bytes_) +
                " bytes are waiting)");
  }
  queued_bytes_ += frame.size();
  queue_.push_back(std::move(frame));
  if (writing_.empty()) write();
}

void Session::write() {
  // All that is queued goes in one system call.
  constexpr std::size_t kMaxBuffers = 64;
  std::vector<asio::const_buffer> buffers;
  while (!queue_.empty() && writing_.size() < kMaxBuffers) {
    queued_bytes_ -= queue_.front().size();
    writing_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  for (const std::string& frame : writing_) buffers.push_back(asio::buffer(frame));
  asio::async_write(
      socket_, buffers,
      asio::bind_executor(strand_, [self = shared_from_this()](error_code error, std::size_t) {
        if (error || self->closed_) return self->close();
        self->writing_.clear();
        if (!self->queue_.empty()) {
          self->write();
        } else if (!self->reading_) {
          self->close();
        }
      }));
}

void Session::close_when_written() {
  reading_ = false;
  if (writing_.empty() && queue_.empty()) close();
}

void Session::drop(const std::string& why) {
  if (!closed_) spdlog::warn("closing a client's connection: {}", why);
  close();
}

void Session::close() {
  if (std::exchange(closed_, true)) return;
  error_code ignored;
  socket_.close(ignored);
  queue_.clear();  // what writing_ holds is in use until its handler has run
  connection_->on_close();
  on_closed_(id_);
}

void Session::post(std::function<void()> work) {
  asio::post(strand_, [self = shared_from_this(), work = std::move(work)] {
    if (self->closed_) return;
    try {
      work();
    } catch (const std::exception& e) {
      self->drop(e.what());
    }
  });
}

}  // namespace understory::server
