#include "protocol/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>

#include "protocol/connect.h"
#include "protocol/deadline.h"
#include "protocol/frame.h"

namespace understory::protocol {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

Error unavailable(std::string message) {
  return {ErrorCode::kUnavailable, std::move(message)};
}

}  // namespace

class Client::Impl {
 public:
  explicit Impl(int fd) : fd_(fd), frames_(kAnswerLimits) {}
  ~Impl() {
    if (fd_ >= 0) close(fd_);
  }

  std::uint32_t next_id() { return ++last_id_; }

  Result<std::uint32_t> start(std::uint32_t id, std::string frame, OnAnswer on_answer) {
    if (fd_ < 0) return unavailable("the connection was lost");
    waiting_.emplace(id, std::move(on_answer));
    out_ += frame;
    // A failure is reported by the callback, as any later loss would be.
    (void)on_writable();
    return id;
  }

  Status on_writable() {
    std::size_t sent = 0;
    while (fd_ >= 0 && sent < out_.size()) {
      const ssize_t n = ::send(fd_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
      if (n >= 0) {
        sent += static_cast<std::size_t>(n);
      } else if (errno == EAGAIN) {
        break;
      } else if (errno != EINTR) {
        // What the daemon said before it closed may still be there to read.
        out_.clear();
        return {};
      }
    }
    out_.erase(0, sent);
    return {};
  }

  Status on_readable() {
    std::array<char, kReadBytes> bytes;
    while (fd_ >= 0) {
      const ssize_t n = recv(fd_, bytes.data(), bytes.size(), 0);
      if (n > 0) {
        frames_.append({bytes.data(), static_cast<std::size_t>(n)});
        if (Status s = take_frames(); !s) return fail(s.error());
      } else if (n == 0) {
        return fail(unavailable("the daemon closed the connection"));
      } else if (errno == EAGAIN) {
        return {};
      } else if (errno != EINTR) {
        return fail(unavailable(std::string("the connection was lost: ") + std::strerror(errno)));
      }
    }
    return unavailable("the connection was lost");
  }

  Status wait_until(const std::function<bool()>& done, int timeout_ms) {
    const Deadline deadline(timeout_ms);
    while (!done()) {
      if (fd_ < 0) return unavailable("the connection was lost");
      pollfd p{fd_, static_cast<short>(POLLIN | (out_.empty() ? 0 : POLLOUT)), 0};
      const int n = poll(&p, 1, deadline.left_ms());
      if (n == 0) return unavailable("the daemon did not answer in time");
      if (n < 0) continue;  // EINTR
      if ((p.revents & POLLOUT) != 0) (void)on_writable();
      if ((p.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        if (Status s = on_readable(); !s && !done()) return s;
      }
    }
    return {};
  }

  void forget(std::uint32_t id) { waiting_.erase(id); }

  int fd_;
  std::string out_;
  std::function<void(const ChunkNotice&)> on_chunk_;
  std::function<void(const ProgressNotice&)> on_progress_;
  std::function<void(const StoryChangedNotice&)> on_story_changed_;

 private:
  Status take_frames() {
    while (fd_ >= 0) {
      Result<std::optional<std::string_view>> frame = frames_.next();
      if (!frame) return frame.error();
      if (!frame->has_value()) return {};
      FrameError problem;
      const std::optional<Message> message = parse_message(**frame, problem);
      if (!message) return problem.error;
      take(*message);
    }
    return {};
  }

  void take(const Message& m) {
    if (m.kind == Message::Kind::kResponse) {
      take_response(m);
    } else if (m.kind == Message::Kind::kNotification) {
      take_notice(m, on_chunk_);
      take_notice(m, on_progress_);
      take_notice(m, on_story_changed_);
    }
  }

  template <class Notice>
  void take_notice(const Message& m, const std::function<void(const Notice&)>& callback) {
    if (m.method != Notice::kMethod || !callback) return;
    if (const Result<Notice> notice = decode<Notice>(m.params)) callback(*notice);
  }

  void take_response(const Message& m) {
    const auto found = waiting_.find(m.id);
    if (found == waiting_.end()) return;  // forgotten
    OnAnswer on_answer = std::move(found->second);
    waiting_.erase(found);
    on_answer(m.failed ? Result<Value>(m.error) : Result<Value>(m.result));
  }

  Status fail(Error error) {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
    std::map<std::uint32_t, OnAnswer> waiting = std::move(waiting_);
    waiting_.clear();
    for (auto& [id, on_answer] : waiting) on_answer(error);
    return error;
  }

  FrameSplitter frames_;
  std::map<std::uint32_t, OnAnswer> waiting_;
  std::uint32_t last_id_ = 0;
};

Result<Client> Client::connect(const std::filesystem::path& socket, int timeout_ms) {
  Result<int> fd = connect_to_socket(socket, timeout_ms);
  if (!fd) return fd.error();
  return Client(std::make_unique<Impl>(*fd));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

std::uint32_t Client::next_id() {
  return impl_->next_id();
}

Result<std::uint32_t> Client::start(std::uint32_t id, std::string frame, OnAnswer on_answer) {
  return impl_->start(id, std::move(frame), std::move(on_answer));
}

void Client::forget(std::uint32_t id) {
  impl_->forget(id);
}

void Client::on_chunk(std::function<void(const ChunkNotice&)> callback) {
  impl_->on_chunk_ = std::move(callback);
}

void Client::on_progress(std::function<void(const ProgressNotice&)> callback) {
  impl_->on_progress_ = std::move(callback);
}

void Client::on_story_changed(std::function<void(const StoryChangedNotice&)> callback) {
  impl_->on_story_changed_ = std::move(callback);
}

Status Client::wait_until(const std::function<bool()>& done, int timeout_ms) {
  return impl_->wait_until(done, timeout_ms);
}

int Client::fd() const {
  return impl_->fd_;
}
bool Client::wants_write() const {
  return !impl_->out_.empty();
}
Status Client::on_readable() {
  return impl_->on_readable();
}
Status Client::on_writable() {
  return impl_->on_writable();
}

}  // namespace understory::protocol
