// Any operations in any order: the manuscript is what was synced, the file is what is in memory,
// and undo goes back to the beginning and redo to the end.
#include <random>

#include "tests/unit/story/story_fixture.h"

using namespace understory;
using namespace understory::story;
using namespace understory::story::testing;

namespace {

class Monkey {
 public:
  explicit Monkey(unsigned seed) : random_(seed) {}

  void act() {
    s_.now_ms += random_() % 5000;
    try {
      operate();
    } catch (const ErrorException& e) {
      // A refusal is fine (the root cannot be moved); anything else is not.
      CHECK(e.error().code == ErrorCode::kInvalidArgument);
    }
    s_.tree().check();
    CHECK(s_.story->manuscript() == s_.tree().text_to(s_.tree().current()));
  }
  Fixture& story() { return s_; }

 private:
  NodeId any() {
    std::vector<NodeId> ids;
    walk(s_.tree().root(), [&](const Node& node, std::uint32_t) {
      if (node.trashed_ms != 0) return false;
      ids.push_back(node.id);
      return true;
    });
    return ids[random_() % ids.size()];
  }
  std::string words(std::size_t most) {
    static const std::vector<std::string> kWords{"rain ", "the ", "s\xc3\xa9", "\n\n",
                                                 ". ",    "\xff", "house",     "# Ch\n"};
    std::string out;
    for (std::size_t n = random_() % (most + 1); n > 0; --n) out += kWords[random_() % 8];
    return out;
  }
  void sync() {
    std::string text = s_.story->manuscript();
    for (unsigned n = 1 + random_() % 3; n > 0; --n) {
      const std::size_t at = random_() % 4 == 0 ? text.size() : random_() % (text.size() + 1);
      const std::size_t most = random_() % 3 == 0 ? text.size() - at : 6;
      text.replace(at, random_() % (std::min(most, text.size() - at) + 1),
                   words(random_() % 20 == 0 ? 200 : 6));
    }
    s_.story->sync(text, std::nullopt, taken(text.size()));
    CHECK(s_.story->manuscript() == text);
  }
  std::vector<Taken> taken(std::size_t size) {
    std::vector<Taken> out;
    for (std::size_t at = 0; random_() % 2 == 0;) {
      at += random_() % (size - at + 1);
      const std::size_t length = random_() % (std::min<std::size_t>(size - at, 40) + 1);
      out.push_back({at, length, {0, "m", "{}", random_() % 4, fnv1a_hex("p"), -1.5, "stop", 0}});
      at += length;
    }
    return out;
  }
  void operate() {
    switch (random_() % 16) {
      case 0:
        s_.story->branch(random_() % (s_.story->manuscript().size() + 1), words(2));
        break;
      case 1:
        s_.child(any(), words(8), Origin::kModel);
        break;
      case 2:
        s_.story->choose(any(), Way::kNode, random_() % 2 == 0);
        break;
      case 3:
        s_.story->choose(any(), random_() % 2 == 0 ? Way::kNext : Way::kPrevious, true);
        break;
      case 4:
        s_.story->split(any(), random_() % 9);
        break;
      case 5:
        s_.story->merge(any());
        break;
      case 6:
        s_.story->move(any(), any(), kNoNode);
        break;
      case 7:
        s_.story->prune(any());
        break;
      case 8: {
        const Page trash = list_trash(s_.tree(), {});
        if (!trash.nodes.empty()) s_.story->restore(trash.nodes[0].node->id);
        break;
      }
      case 9:
        s_.story->mark(any(), words(1), random_() % 2 == 0);
        break;
      case 10:
        s_.story->undo();
        break;
      case 11:
        s_.story->redo();
        break;
      case 12:
        if (random_() % 8 == 0) s_.story->empty_trash(false);
        break;
      default:
        sync();
    }
  }

  std::mt19937 random_;
  Fixture s_;
};

}  // namespace

TEST_CASE("Whatever is done can be undone and redone, and is in the file", "[unit]") {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    INFO("seed " << seed);
    Monkey monkey(seed);
    Fixture& s = monkey.story();
    const std::string empty = s.json();
    for (int i = 0; i < 120; ++i) monkey.act();
    const std::string end = s.json();
    s.reopen();
    REQUIRE(s.json() == end);
    while (!s.story->undo().kind.empty()) s.tree().check();
    CHECK(s.json().substr(0, s.json().find("generations")) ==
          empty.substr(0, empty.find("generations")));
    CHECK(s.tree().size() == 1);
    while (!s.story->redo().kind.empty()) s.tree().check();
    // Undone steps at the end come back too: undo to where it was.
    bool found = s.json() == end;
    while (!found && !s.story->undo().kind.empty()) found = s.json() == end;
    CHECK(found);
  }
}
