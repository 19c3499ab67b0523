#include "daemon/story/library.h"

#include <future>

#include "tests/unit/story/story_fixture.h"

using namespace understory;
using namespace understory::story;
using namespace understory::story::testing;

namespace {

// Runs `work` on the library's thread and waits for it.
template <class Work>
void in(Library& library, Work work) {
  std::promise<void> done;
  library.submit([&] {
    try {
      work();
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  done.get_future().get();
}

}  // namespace

TEST_CASE("Clients of one document share its story and hear of each other", "[unit]") {
  TempFolder folder;
  Library library;
  std::vector<std::string> heard;
  in(library, [&] {
    const auto listen = [&](const char* who) {
      return [&heard, who](StoryId, const Done& done) { heard.push_back(who + done.kind); };
    };
    const Opened one = library.open(1, folder.path() / "a.md", true, listen("one "));
    const Opened two = library.open(2, folder.path() / "a.md", false, listen("two "));
    CHECK(one.created);
    CHECK_FALSE(two.created);
    CHECK(one.id == two.id);
    CHECK(one.story == two.story);
    library.announce(1, one.id, one.story->sync("text", {}));
    CHECK(heard == std::vector<std::string>{"two sync"});
    library.close(1, one.id);
    CHECK(error_of([&] { library.get(1, one.id); }).code == ErrorCode::kNotFound);
    CHECK(library.get(2, one.id).manuscript() == "text");
    library.close_all(2);
    CHECK(error_of([&] { library.get(2, one.id); }).code == ErrorCode::kNotFound);
  });
}

TEST_CASE("Stories are opened only where they are, unless they may be made", "[unit]") {
  TempFolder folder;
  Library library;
  in(library, [&] {
    const auto open = [&](bool create) {
      return library.open(1, folder.path() / "a.md", create, [](StoryId, const Done&) {});
    };
    CHECK(error_of([&] { open(false); }).code == ErrorCode::kNotFound);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "a.md.story"));
    open(true);
    CHECK(std::filesystem::exists(folder.path() / "a.md.story"));
  });
}

TEST_CASE("What was submitted is done before the library ends, in order", "[unit]") {
  std::vector<int> done;
  {
    Library library;
    for (int i = 0; i < 100; ++i) library.submit([&done, i] { done.push_back(i); });
  }
  REQUIRE(done.size() == 100);
  CHECK(std::is_sorted(done.begin(), done.end()));
}

TEST_CASE("A closed story leaves one file behind", "[unit]") {
  TempFolder folder;
  Library library;
  in(library, [&] {
    const Opened o = library.open(1, folder.path() / "a.md", true, [](StoryId, const Done&) {});
    o.story->sync("text", {});
    library.close(1, o.id);
  });
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    (void)entry;
    ++files;
  }
  CHECK(files == 1);
}
