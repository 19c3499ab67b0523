// The file: where it is made, what it survives, and what it refuses to touch.
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/story/story_fixture.h"

using namespace understory;
using namespace understory::story;
using namespace understory::story::testing;

namespace fs = std::filesystem;

namespace {

void sql(const fs::path& file, const std::string& text) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  char* message = nullptr;
  const int code = sqlite3_exec(db, text.c_str(), nullptr, nullptr, &message);
  INFO((message == nullptr ? "" : message));
  sqlite3_free(message);
  sqlite3_close(db);
  REQUIRE(code == SQLITE_OK);
}

mode_t mode_of(const fs::path& file) {
  struct stat info {};
  REQUIRE(stat(file.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

Error open_error(const fs::path& file) {
  return error_of([&] {
    check_sidecar(file).value_or_throw();
    Story story(file, [] { return 0; });
  });
}

}  // namespace

TEST_CASE("A story is what it was when it is opened again", "[unit]") {
  Fixture s;
  s.sync("Once upon a time.");
  s.story->mark(s.child(s.tree().header().current, " More", Origin::kModel), "n", true);
  s.story->set("notes", "rain");
  const std::string before = s.json();
  s.reopen();
  CHECK(s.json() == before);
  CHECK(s.story->undo().kind == "set");
}

TEST_CASE("The sidecar has the document's permissions, or the owner's alone", "[unit]") {
  Fixture s;
  CHECK(mode_of(s.file) == 0600);
  TempFolder folder;
  const fs::path document = folder.path() / "novel.md";
  write_file(document, "text");
  REQUIRE(chmod(document.c_str(), 0644) == 0);
  const Sidecar sidecar = find_sidecar(document).value_or_throw();
  CHECK(sidecar.file == fs::canonical(folder.path()) / "novel.md.story");
  create_sidecar(sidecar).value_or_throw();
  CHECK(mode_of(sidecar.file) == 0644);
  Story story(sidecar.file, [] { return 0; });
  CHECK(mode_of(sidecar.file.string() + "-wal") == 0644);
}

TEST_CASE("A link to a document is the document", "[unit]") {
  TempFolder folder;
  write_file(folder.path() / "real.md", "text");
  fs::create_symlink("real.md", folder.path() / "link.md");
  fs::create_symlink("missing.md", folder.path() / "dangling.md");
  CHECK(find_sidecar(folder.path() / "link.md")->file.filename() == "real.md.story");
  CHECK(find_sidecar(folder.path() / "dangling.md")->file.filename() == "missing.md.story");
}

TEST_CASE("What is no document is refused", "[unit]") {
  TempFolder folder;
  CHECK(find_sidecar("relative.md").error().code == ErrorCode::kInvalidArgument);
  CHECK(find_sidecar(folder.path() / "no" / "such.md").error().code == ErrorCode::kNotFound);
  CHECK(find_sidecar(folder.path()).error().code == ErrorCode::kInvalidArgument);
  CHECK(find_sidecar("/dev/null").error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("A file that is not ours is left as it is", "[unit]") {
  TempFolder folder;
  const fs::path file = folder.path() / "doc.md.story";
  write_file(file, "my own notes on the story");
  CHECK(open_error(file).code == ErrorCode::kIo);
  CHECK(read_file(file) == "my own notes on the story");
  CHECK_FALSE(create_sidecar({folder.path() / "doc.md", file, true, false}).ok());
  CHECK(read_file(file) == "my own notes on the story");

  const fs::path other = folder.path() / "other.md.story";
  sql(other, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  const std::string before = read_file(other);
  CHECK(open_error(other).message.find("another program") != std::string::npos);
  CHECK(read_file(other) == before);

  const fs::path link = folder.path() / "link.md.story";
  fs::create_symlink(other, link);
  CHECK(open_error(link).code == ErrorCode::kIo);
}

TEST_CASE("A story of a later version is refused, not read", "[unit]") {
  Fixture s;
  s.story.reset();
  sql(s.file, "PRAGMA user_version = 99");
  CHECK(open_error(s.file).code == ErrorCode::kUnsupported);
}

TEST_CASE("A damaged story says so and is left as it is", "[unit]") {
  Fixture s;
  for (int i = 0; i < 200; ++i) s.child(kRoot, std::string(500, 'x'));
  s.story.reset();
  std::string bytes = read_file(s.file);
  REQUIRE(bytes.size() > 40'000);
  for (std::size_t at = 20'000; at < 36'000; ++at) bytes[at] = static_cast<char>(at * 7);
  write_file(s.file, bytes);
  CHECK(open_error(s.file).message.find("damaged") != std::string::npos);
  CHECK(read_file(s.file) == bytes);
  write_file(s.file, bytes.substr(0, 5000));
  CHECK(open_error(s.file).code == ErrorCode::kIo);
}

TEST_CASE("Rows that are no tree are refused", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "a");
  const NodeId b = s.child(a, "b");
  s.story.reset();
  const auto id = [](NodeId n) { return std::to_string(n); };
  SECTION("a cycle") {
    sql(s.file, "UPDATE nodes SET parent = " + id(b) + " WHERE id = " + id(a));
  }
  SECTION("no root") {
    sql(s.file, "DELETE FROM nodes WHERE id = 1");
  }
  SECTION("a parent that is not there") {
    sql(s.file, "UPDATE nodes SET parent = 999 WHERE id = " + id(b));
  }
  SECTION("a current node that is not there") {
    sql(s.file, "UPDATE story SET current = 999");
  }
  SECTION("spans that do not cover the text") {
    sql(s.file, "UPDATE nodes SET text = x'414243' WHERE id = " + id(b));
  }
  SECTION("spans that are none") {
    sql(s.file, "UPDATE nodes SET spans = x'ffff' WHERE id = " + id(b));
  }
  CHECK(open_error(s.file).message.find("damaged") != std::string::npos);
}

TEST_CASE("Two programs cannot have one story open", "[unit]") {
  Fixture s;
  s.sync("mine");
  const pid_t child = fork();
  if (child == 0) {
    try {
      Story story(s.file, [] { return 0; });
      _exit(1);
    } catch (const ErrorException& e) {
      _exit(e.error().code == ErrorCode::kBusy ? 0 : 2);
    }
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("Where the folder cannot be written to, the state folder has the story", "[unit]") {
  if (geteuid() == 0) return;  // root can write everywhere
  TempFolder folder;
  TempFolder state;
  setenv("XDG_STATE_HOME", state.path().c_str(), 1);
  write_file(folder.path() / "doc.md", "text");
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  const Sidecar sidecar = find_sidecar(folder.path() / "doc.md").value_or_throw();
  CHECK_FALSE(sidecar.beside_document);
  create_sidecar(sidecar).value_or_throw();
  CHECK(sidecar.file.string().starts_with(state.path().string()));
  unsetenv("XDG_STATE_HOME");
}

TEST_CASE("Reading a file gives its bytes, and refuses what is none or too large", "[unit]") {
  TempFolder folder;
  const std::string odd("a\0\xff\r\n", 5);
  write_file(folder.path() / "odd", odd);
  CHECK(*read_whole_file(folder.path() / "odd") == odd);
  CHECK(read_whole_file(folder.path() / "none").error().code == ErrorCode::kNotFound);
  CHECK(read_whole_file(folder.path()).error().code == ErrorCode::kInvalidArgument);
  fs::resize_file(folder.path() / "odd", kMaxDocumentBytes + 1);
  CHECK(read_whole_file(folder.path() / "odd").error().code == ErrorCode::kInvalidArgument);
}
