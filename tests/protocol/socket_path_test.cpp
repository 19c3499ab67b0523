#include "protocol/socket_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

using namespace understory;
using namespace understory::protocol;

namespace {

// A private XDG_RUNTIME_DIR for the length of a test.
class RuntimeDir {
 public:
  RuntimeDir() {
    char pattern[] = "/tmp/understory-test-XXXXXX";
    path_ = mkdtemp(pattern);
    if (const char* old = std::getenv("XDG_RUNTIME_DIR")) old_ = old;
    setenv("XDG_RUNTIME_DIR", path_.c_str(), 1);
  }
  ~RuntimeDir() {
    old_ ? setenv("XDG_RUNTIME_DIR", old_->c_str(), 1) : unsetenv("XDG_RUNTIME_DIR");
    std::filesystem::remove_all(path_);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::optional<std::string> old_;
};

mode_t mode_of(const std::filesystem::path& path) {
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

}  // namespace

TEST_CASE("The default socket is in the runtime directory, else under /tmp by user", "[unit]") {
  RuntimeDir runtime;
  CHECK(default_socket_path() == runtime.path() / "understory/understoryd.sock");
  unsetenv("XDG_RUNTIME_DIR");
  CHECK(default_socket_path() ==
        "/tmp/understory-" + std::to_string(geteuid()) + "/understoryd.sock");
  setenv("XDG_RUNTIME_DIR", "relative", 1);  // to be ignored, says the specification
  CHECK(default_socket_path().string().rfind("/tmp/", 0) == 0);
}

TEST_CASE("The socket's directory is made private, and closed where it was open", "[unit]") {
  RuntimeDir runtime;
  const std::filesystem::path socket = default_socket_path();
  REQUIRE(prepare_socket_directory(socket).ok());
  CHECK(mode_of(socket.parent_path()) == 0700);
  chmod(socket.parent_path().c_str(), 0755);
  REQUIRE(prepare_socket_directory(socket).ok());
  CHECK(mode_of(socket.parent_path()) == 0700);
}

TEST_CASE("A link in the place of the socket's directory is refused", "[unit]") {
  RuntimeDir runtime;
  std::filesystem::create_directory(runtime.path() / "elsewhere");
  std::filesystem::create_directory_symlink(runtime.path() / "elsewhere",
                                            runtime.path() / "understory");
  CHECK(prepare_socket_directory(default_socket_path()).error().code == ErrorCode::kUnavailable);
  CHECK(check_socket_directory(default_socket_path()).error().code == ErrorCode::kUnavailable);
}

TEST_CASE("A directory of one's own choice keeps its mode", "[unit]") {
  RuntimeDir runtime;
  const std::filesystem::path socket = runtime.path() / "mine/u.sock";
  REQUIRE(prepare_socket_directory(socket).ok());
  chmod(socket.parent_path().c_str(), 0755);
  REQUIRE(prepare_socket_directory(socket).ok());
  CHECK(mode_of(socket.parent_path()) == 0755);
  CHECK_FALSE(prepare_socket_directory(runtime.path() / "a/b/c.sock").ok());
}
