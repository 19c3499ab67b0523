#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "temp_folder.h"
#include "tui/document/file_store.h"

namespace understory::tui {
namespace {

namespace fs = std::filesystem;

/// Runs in a process of its own; true where it ended with 0.
bool in_child(const std::function<bool()>& work) {
  const pid_t pid = fork();
  if (pid == 0) _exit(work() ? 0 : 1);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Result<FileStamp> save(const fs::path& path, const std::string& bytes, SaveOptions options = {}) {
  return save_document(path, Text(bytes), options, path.string() + ".safety");
}

TEST_CASE("A save keeps permissions, attributes and links", "[unit]") {
  const TempFolder folder;
  const fs::path real = folder / "real.md";
  write_file(real, "old");
  chmod(real.c_str(), 0640);
  const bool has_attributes = setxattr(real.c_str(), "user.note", "x", 1, 0) == 0;
  fs::create_symlink("real.md", folder / "link.md");
  const Result<FileStamp> stamp = save(folder / "link.md", "new\r\n\xff");
  REQUIRE(stamp.ok());
  CHECK(fs::is_symlink(folder / "link.md"));
  CHECK(file_bytes(real) == "new\r\n\xff");
  struct stat info {};
  stat(real.c_str(), &info);
  CHECK((info.st_mode & 07777) == 0640);
  CHECK(*stamp == stamp_of(real));
  char value = 0;
  if (has_attributes) CHECK(getxattr(real.c_str(), "user.note", &value, 1) == 1);
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("A link to a file that is not there yet is followed", "[unit]") {
  const TempFolder folder;
  fs::create_symlink("later.md", folder / "link.md");
  REQUIRE(save(folder / "link.md", "text").ok());
  CHECK(fs::is_symlink(folder / "link.md"));
  CHECK(file_bytes(folder / "later.md") == "text");
}

TEST_CASE("Hard links keep pointing to the saved text", "[unit]") {
  const TempFolder folder;
  write_file(folder / "a.md", "a long old text");
  fs::create_hard_link(folder / "a.md", folder / "b.md");
  REQUIRE(save(folder / "a.md", "new").ok());
  CHECK(file_bytes(folder / "b.md") == "new");
  REQUIRE(save(folder / "a.md", "a much longer text than before").ok());
  CHECK(file_bytes(folder / "b.md") == "a much longer text than before");
  CHECK_FALSE(fs::exists(folder / "a.md.safety"));
}

TEST_CASE("A backup has the bytes before the save", "[unit]") {
  const TempFolder folder;
  write_file(folder / "a.md", "old");
  REQUIRE(save(folder / "a.md", "new", {LineEnding::kLf, true}).ok());
  CHECK(file_bytes(folder / "a.md~") == "old");
}

TEST_CASE("A save that the disk has no room for changes nothing", "[unit]") {
  const TempFolder folder;
  const std::string old(3000, 'o');
  for (const bool is_linked : {false, true}) {
    write_file(folder / "a.md", old);
    if (is_linked) fs::create_hard_link(folder / "a.md", folder / "b.md");
    CHECK(in_child([&] {
      signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{10'000, 10'000};
      setrlimit(RLIMIT_FSIZE, &limit);
      return !save(folder / "a.md", std::string(50'000, 'n')).ok();
    }));
    CHECK(file_bytes(folder / "a.md") == old);
  }
  // Nothing is left lying about, but the safety copy may be.
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    CHECK(entry.path().filename().string().front() != '.');
  }
}

TEST_CASE("A read-only file is not written", "[unit]") {
  const TempFolder folder;
  write_file(folder / "a.md", "old");
  chmod(folder.path().c_str(), 0755);
  chmod((folder / "a.md").c_str(), 0444);
  CHECK(in_child([&] {
    if (getuid() == 0 && setuid(65534) != 0) return false;
    const Result<FileImage> image = read_document(folder / "a.md");
    return image.ok() && image->is_read_only && !save(folder / "a.md", "new").ok();
  }));
  CHECK(file_bytes(folder / "a.md") == "old");
}

TEST_CASE("Every line ending comes back as it was", "[unit]") {
  const TempFolder folder;
  const auto round_trip = [&](const std::string& bytes) {
    write_file(folder / "a.md", bytes);
    const FileImage image = read_document(folder / "a.md").value_or_throw();
    REQUIRE(save_document(folder / "a.md", image.text, {image.ending, false}, folder / "s").ok());
    CHECK(file_bytes(folder / "a.md") == bytes);
    return image;
  };
  CHECK(round_trip("a\r\nb\r\n").ending == LineEnding::kCrLf);
  CHECK(round_trip("a\nb\r\nc\n").ending == LineEnding::kLf);
  CHECK(round_trip("a\rb\r").text.n_lines() == 3);
  CHECK(round_trip(std::string("\xff\xfe\0 \r\r\n", 7)).ending == LineEnding::kCrLf);
}

TEST_CASE("Folders and devices are refused", "[unit]") {
  const TempFolder folder;
  CHECK(read_document(folder.path()).error().code == ErrorCode::kInvalidArgument);
  CHECK(read_document("/dev/null").error().code == ErrorCode::kInvalidArgument);
  CHECK(read_document(folder / "no/such.md").error().code == ErrorCode::kNotFound);
}

}  // namespace
}  // namespace understory::tui
