#include "tests/unit/story/story_fixture.h"

using namespace understory;
using namespace understory::story;
using namespace understory::story::testing;

namespace {

std::vector<std::string> found(const Fixture& s, const std::string& query,
                               SearchOptions options = {}) {
  std::vector<std::string> out;
  for (const Match& m : search(s.tree().root(), query, options).matches) {
    out.push_back(s.node(m.node).text.substr(m.offset, m.length));
  }
  return out;
}
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("Search ignores case as Unicode folds it", "[unit]") {
  Fixture s;
  s.child(kRoot, "Die STRASSE, die Straße. ÉTÉ été ΣΊΣΥΦΟΣ");
  CHECK(found(s, "strasse") == Texts{"STRASSE", "Straße"});
  CHECK(found(s, "straße") == Texts{"STRASSE", "Straße"});
  CHECK(found(s, "Été") == Texts{"ÉTÉ", "été"});
  CHECK(found(s, "σίσυφος") == Texts{"ΣΊΣΥΦΟΣ"});
  SearchOptions exact;
  exact.match_case = true;
  CHECK(found(s, "été", exact) == Texts{"été"});
}

TEST_CASE("Accents match in one character or two, and only as accents", "[unit]") {
  Fixture s;
  s.child(kRoot, "caf\xc3\xa9 cafe\xcc\x81 cafe");
  CHECK(found(s, "caf\xc3\xa9") == Texts{"caf\xc3\xa9", "cafe\xcc\x81"});
  CHECK(found(s, "cafe") == Texts{"cafe"});
}

TEST_CASE("Matches do not begin or end inside a character", "[unit]") {
  Fixture s;
  s.child(kRoot, "ß");
  CHECK(found(s, "s").empty());
  CHECK(found(s, "ss") == Texts{"ß"});
}

TEST_CASE("Bytes that are no text are found as they are", "[unit]") {
  Fixture s;
  s.child(kRoot,
          "a\xff\xfe"
          "b");
  CHECK(found(s,
              "\xff\xfe"
              "B") == Texts{"\xff\xfe"
                            "b"});
  CHECK(found(s, "").empty());
}

TEST_CASE("Search goes over all branches in order, not into the trash, up to the limit", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "one fish");
  s.child(a, "two fish fish");
  const NodeId gone = s.child(a, "dead fish");
  s.child(gone, "fish below");
  s.child(kRoot, "red fish");
  s.story->prune(gone);
  CHECK(found(s, "fish").size() == 4);
  SearchOptions options;
  options.trash = true;
  CHECK(found(s, "fish", options).size() == 6);
  options = {};
  options.limit = 2;
  const Matches some = search(s.tree().root(), "fish", options);
  CHECK(some.matches.size() == 2);
  CHECK(some.more);
  CHECK(search(s.node(a), "red", {}).matches.empty());
}
