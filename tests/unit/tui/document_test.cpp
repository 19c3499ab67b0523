#include "tui/document/document.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <string>

#include "temp_folder.h"

namespace understory::tui {
namespace {

namespace fs = std::filesystem;

struct Desk {
  TempFolder folder;
  fs::path file = folder / "story.md";
  OpenOptions options{folder / "state", true};

  std::unique_ptr<Document> open() { return Document::open(file, options).value_or_throw(); }

  /// Works in another process, which is then killed without warning.
  void crash(const std::function<void(Document&)>& work) const {
    const pid_t pid = fork();
    if (pid == 0) {
      auto document = Document::open(file, options).value_or_throw();
      work(*document);
      kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(WTERMSIG(status) == SIGKILL);
  }
};

void type(Document& document, const std::string& bytes) {
  const std::size_t end = document.text().size();
  document.edit(end, 0, bytes, end, end + bytes.size(), true);
}

TEST_CASE("What was typed and not saved is offered after a crash", "[unit]") {
  Desk desk;
  write_file(desk.file, "Once");
  desk.crash([](Document& d) {
    for (const char c : std::string(" upon a time")) type(d, std::string(1, c));
    REQUIRE(d.flush().ok());
  });
  auto document = desk.open();
  REQUIRE(document->recovery().has_value());
  CHECK(document->text().str() == "Once");
  CHECK(document->recovery()->text.str() == "Once upon a time");
  CHECK(document->recovery()->n_words == 3);
  CHECK_FALSE(document->recovery()->file_has_changed);
  document->take_recovery();
  CHECK(document->text().str() == "Once upon a time");
  CHECK(document->is_modified());
  REQUIRE(document->save().ok());
  CHECK(file_bytes(desk.file) == "Once upon a time");
  CHECK(document->undo().has_value());
  CHECK(document->text().str() == "Once");
}

TEST_CASE("A crash while the offer stands does not withdraw it", "[unit]") {
  Desk desk;
  desk.crash([](Document& d) {
    type(d, "lost?");
    REQUIRE(d.flush().ok());
  });
  for (int i = 0; i < 3; ++i) desk.crash([](Document& d) { REQUIRE(d.recovery().has_value()); });
  auto document = desk.open();
  REQUIRE(document->recovery().has_value());
  document->leave_recovery();
  CHECK(document->text().empty());
  // Declined, and still within reach.
  CHECK(document->later().has_value());
  CHECK(document->text().str() == "lost?");
}

TEST_CASE("After a clean save nothing is offered, and undo reaches back", "[unit]") {
  Desk desk;
  {
    auto document = desk.open();
    type(*document, "one");
    document->seal();
    type(*document, " two");
    REQUIRE(document->save().ok());
    document->note_caret(2);
  }
  {
    auto document = desk.open();
    CHECK_FALSE(document->recovery().has_value());
    CHECK_FALSE(document->is_modified());
    CHECK(document->remembered_caret() == 2);
    CHECK(document->undo().has_value());
    CHECK(document->text().str() == "one");
    CHECK(document->undo().has_value());
    CHECK(document->text().empty());
    CHECK(document->redo().has_value());
  }
  // Left without saving at "one": that is offered, and the end of the story still there.
  auto document = desk.open();
  REQUIRE(document->recovery().has_value());
  CHECK(document->recovery()->text.str() == "one");
  document->take_recovery();
  CHECK(document->redo().has_value());
  CHECK(document->text().str() == "one two");
  CHECK_FALSE(document->is_modified());
}

TEST_CASE("Unsaved text survives when the file was changed by another program too", "[unit]") {
  Desk desk;
  write_file(desk.file, "one\ntwo\nthree\n");
  desk.crash([](Document& d) {
    d.edit(0, 3, "ONE", 0, 3);
    REQUIRE(d.flush().ok());
  });
  write_file(desk.file, "one\ntwo\nthree\nfour\n");
  {
    auto document = desk.open();
    REQUIRE(document->recovery().has_value());
    CHECK(document->recovery()->file_has_changed);
    CHECK(document->recovery()->text.str() == "ONE\ntwo\nthree\n");
    CHECK(document->text().str() == "one\ntwo\nthree\nfour\n");
  }
  auto document = desk.open();  // the offer stands
  REQUIRE(document->recovery().has_value());
  CHECK(document->merge_recovery() == 0);
  CHECK(document->text().str() == "ONE\ntwo\nthree\nfour\n");
  REQUIRE(document->save().ok());
}

TEST_CASE("A file changed by another program between sessions is one more step", "[unit]") {
  Desk desk;
  {
    auto document = desk.open();
    type(*document, "mine");
    REQUIRE(document->save().ok());
  }
  write_file(desk.file, "theirs");
  auto document = desk.open();
  CHECK_FALSE(document->recovery().has_value());
  CHECK(document->text().str() == "theirs");
  CHECK_FALSE(document->is_modified());
  CHECK(document->undo().has_value());
  CHECK(document->text().str() == "mine");
}

TEST_CASE("A change on disk during a session is noticed and merged", "[unit]") {
  Desk desk;
  write_file(desk.file, "a\nb\nc\n");
  auto document = desk.open();
  document->edit(0, 1, "A", 0, 1);
  CHECK(document->disk_state() == DiskState::kSame);
  write_file(desk.file, "a\nb\nc changed\n");
  CHECK(document->disk_state() == DiskState::kChanged);
  CHECK(document->save().error().code == ErrorCode::kBusy);
  CHECK(file_bytes(desk.file) == "a\nb\nc changed\n");
  CHECK(document->merge_from_disk().value_or_throw() == 0);
  CHECK(document->text().str() == "A\nb\nc changed\n");
  REQUIRE(document->save().ok());
  fs::remove(desk.file);
  CHECK(document->disk_state() == DiskState::kGone);
  CHECK(document->save().ok());
  write_file(desk.file, "new");
  REQUIRE(document->reload().ok());
  CHECK(document->text().str() == "new");
  CHECK(document->undo().has_value());
  CHECK(document->text().str() == "A\nb\nc changed\n");
}

TEST_CASE("Two apps on one file notice each other", "[unit]") {
  Desk desk;
  write_file(desk.file, "text");
  auto first = desk.open();
  CHECK_FALSE(first->was_knocked());
  auto second = desk.open();
  CHECK(second->is_read_only());
  CHECK(second->read_only_reason().find("another window") != std::string::npos);
  second->edit(0, 0, "x", 0, 1);
  CHECK(second->text().str() == "text");
  CHECK(first->was_knocked());
  CHECK_FALSE(first->was_knocked());
  type(*first, "!");
  CHECK(first->save().ok());
}

TEST_CASE("A journal that cannot grow says so, and goes on when there is room", "[unit]") {
  Desk desk;
  const pid_t pid = fork();
  if (pid == 0) {
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    rlimit small = limit;
    small.rlim_cur = 4096;
    auto document = Document::open(desk.file, desk.options).value_or_throw();
    type(*document, "kept ");
    if (!document->flush()) _exit(1);
    setrlimit(RLIMIT_FSIZE, &small);
    type(*document, std::string(10'000, 'x'));
    if (document->flush().ok() || document->journal_problem().empty()) _exit(2);
    if (document->save().ok()) _exit(3);
    setrlimit(RLIMIT_FSIZE, &limit);
    type(*document, " after");
    if (!document->flush() || !document->journal_problem().empty()) _exit(4);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  INFO("exit status " << WEXITSTATUS(status));
  REQUIRE(WIFSIGNALED(status));
  auto document = desk.open();
  REQUIRE(document->recovery().has_value());
  CHECK(document->recovery()->text.str() == "kept " + std::string(10'000, 'x') + " after");
}

TEST_CASE("Without a folder for its journal a document opens and says so", "[unit]") {
  Desk desk;
  write_file(desk.folder / "state", "in the way");
  auto document = desk.open();
  CHECK_FALSE(document->journal_problem().empty());
  type(*document, "text");
  CHECK(document->save().ok());
  CHECK(file_bytes(desk.file) == "text");
}

TEST_CASE("Saving under another name takes the history along", "[unit]") {
  Desk desk;
  {
    auto document = desk.open();
    type(*document, "one");
    REQUIRE(document->save_as(desk.folder / "other.md").ok());
    type(*document, " two");
    REQUIRE(document->save().ok());
  }
  CHECK(file_bytes(desk.folder / "other.md") == "one two");
  CHECK_FALSE(fs::exists(desk.file));
  desk.file = desk.folder / "other.md";
  auto document = desk.open();
  CHECK(document->undo().has_value());
  CHECK(document->undo().has_value());
  CHECK(document->text().empty());
}

TEST_CASE("Random work with crashes between loses nothing that was flushed", "[unit]") {
  Desk desk;
  std::mt19937 random(5);
  for (int session = 0; session < 12; ++session) {
    const unsigned seed = random();
    const auto work = [&](Document& d, std::string& text) {
      std::mt19937 dice(seed);
      if (d.recovery()) d.take_recovery();
      for (int i = 0; i < 60; ++i) {
        const std::size_t at = dice() % (text.size() + 1);
        const std::size_t n =
            dice() % 3 == 0 ? std::min<std::size_t>(dice() % 20, text.size() - at) : 0;
        const std::string bytes(dice() % 5, static_cast<char>('a' + i % 26));
        text.replace(at, n, bytes);
        d.edit(at, n, bytes, at, at, dice() % 2 == 0);
        if (dice() % 25 == 0) (void)d.save().ok();
        if (dice() % 10 == 0 && d.undo()) {
          text = d.text().str();
        }
      }
      (void)d.flush().ok();
    };
    const std::string report = (desk.folder / "report").string();
    desk.crash([&](Document& d) {
      std::string text = d.recovery() ? d.recovery()->text.str() : d.text().str();
      work(d, text);
      if (text == d.text().str()) write_file(report, text);
    });
    const std::string expected = file_bytes(report);
    fs::remove(report);
    auto document = desk.open();
    const Text got = document->recovery() ? document->recovery()->text : document->text();
    REQUIRE(got.str() == expected);
  }
}

}  // namespace
}  // namespace understory::tui
