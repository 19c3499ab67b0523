// Running the command that starts a daemon, without its output on the screen.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace understory::tui {

class StartProcess {
 public:
  /// False where it could not be run; problem() says why.
  bool run(const std::vector<std::string>& command);
  bool is_running() const { return pid_ > 0; }
  /// Takes what it wrote; true once it has ended.
  bool has_ended();
  bool succeeded() const { return succeeded_; }
  /// The last line it wrote.
  std::string problem() const;
  int output_fd() const { return output_; }
  ~StartProcess();

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string written_;
  bool succeeded_ = false;
};

}  // namespace understory::tui
