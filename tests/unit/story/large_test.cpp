// A hundred thousand nodes, in one chain and in a bush. The limits are those of the project's
// tracker, tenfold, as the machine may be busy; the measured times are printed.
#include <chrono>
#include <cstdio>

#include "tests/unit/story/story_fixture.h"

using namespace understory;
using namespace understory::story;
using namespace understory::story::testing;

namespace {

constexpr std::size_t kNodes = 100'000;

// The shortest of a few runs in milliseconds, printed.
template <class Work>
double ms_of(const char* what, Work work) {
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  std::printf("  %-44s %8.2f ms\n", what, best);
  return best;
}

// parent_of(i) is the index of node i's parent, below i.
template <class ParentOf>
void grow(Fixture& s, ParentOf parent_of) {
  s.story->change("import", [&](Change& c) {
    std::vector<NodeId> ids{kRoot};
    for (std::size_t i = 1; i <= kNodes; ++i) {
      const std::string text = "Sentence number " + std::to_string(i) + " of a very long story. ";
      ids.push_back(
          c.create(ids[parent_of(i)], nullptr, text, whole(text.size(), Origin::kTyped)).id);
    }
    c.set_current(ids.back());
    return std::vector<NodeId>{};
  });
}

void measure(Fixture& s) {
  constexpr double kOpenMs = 10'000;
  constexpr double kNavigateMs = 200;
  CHECK(ms_of("open", [&] { s.reopen(); }) < kOpenMs);
  const NodeId leaf = s.tree().header().current;
  CHECK(ms_of("choose the parent", [&] { s.story->choose(leaf, Way::kParent, false); }) <
        kNavigateMs);
  CHECK(ms_of("choose the root, then the leaf", [&] {
          s.story->choose(leaf, Way::kRoot, false);
          s.story->choose(kRoot, Way::kLeaf, true);
        }) < 2 * kNavigateMs);
  s.choose(leaf);
  CHECK(ms_of("list 1000 nodes", [&] {
          list_nodes(s.tree(), s.tree().root(), 0xffffffff, false, {50'000, 1000});
        }) < kNavigateMs);
  CHECK(ms_of("list the last 1000 of the path",
              [&] { list_path(s.tree(), s.tree().current(), 1000); }) < kNavigateMs);
  CHECK(ms_of("list the leaves", [&] { list_leaves(s.tree(), s.tree().root(), {}); }) <
        kNavigateMs);
  int typed = 0;
  ms_of("sync a typed letter",
        [&] { s.story->sync(s.story->manuscript() + std::to_string(++typed % 10), std::nullopt); });
  ms_of("undo", [&] {
    s.story->undo();
    s.story->redo();
  });
  ms_of("search", [&] { search(s.tree().root(), "no such words", {}); });
}

}  // namespace

TEST_CASE("A chain of a hundred thousand nodes opens and is walked quickly", "[unit]") {
  Fixture s;
  grow(s, [](std::size_t i) { return i - 1; });
  std::printf("chain of %zu nodes\n", kNodes);
  measure(s);
}

TEST_CASE("A bush of a hundred thousand nodes opens and is walked quickly", "[unit]") {
  Fixture s;
  grow(s, [](std::size_t i) { return i / 3; });
  std::printf("bush of %zu nodes\n", kNodes);
  measure(s);
}

TEST_CASE("A node with a hundred thousand children works", "[unit]") {
  Fixture s;
  grow(s, [](std::size_t) { return std::size_t{0}; });
  std::printf("%zu children\n", kNodes);
  measure(s);
}
