// A job whose whole answer comes at its end, made of what interactive requests leave.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "daemon/engine/job.h"

namespace understory::engine {

/// `Listener::on_finish` takes the Outcome, or the error that ended the job.
template <class Listener, class Outcome>
class BackgroundJob : public Job {
 public:
  bool is_background() const override { return true; }
  bool is_decoding() const override { return false; }
  void fail(Error error) override { error_ = std::move(error); }

  void cancel() override {
    if (done()) return;
    error_ = Error{ErrorCode::kCancelled, "the " + name_ + " was cancelled before it was complete"};
  }

  void answer() override {
    if (error_)
      listener_->on_finish(*error_);
    else
      listener_->on_finish(std::move(result_));
  }

 protected:
  /// `name`: what it is to the client, after "the".
  BackgroundJob(std::string name, std::shared_ptr<Ticket> ticket, Need need,
                std::shared_ptr<Listener> listener)
      : Job(std::move(ticket), need), name_(std::move(name)), listener_(std::move(listener)) {}

  Outcome result_;
  std::optional<Error> error_;

 private:
  std::string name_;
  std::shared_ptr<Listener> listener_;
};

}  // namespace understory::engine
