#include "tests/unit/story/story_fixture.h"

using namespace understory;
using namespace understory::story;
using namespace understory::story::testing;

namespace {

struct Sample : Fixture {
  Sample() {
    a = child(kRoot, "aa");
    b = child(a, "bbb");
    c = child(a, "c");
    d = child(b, "dddd");
    choose(d);
  }
  NodeId a, b, c, d;
};

std::vector<NodeId> ids(const std::vector<Listed>& nodes) {
  std::vector<NodeId> out;
  for (const Listed& l : nodes) out.push_back(l.node->id);
  return out;
}
using Ids = std::vector<NodeId>;

}  // namespace

TEST_CASE("Nodes are listed parents first, to a depth, page by page", "[unit]") {
  Sample s;
  CHECK(ids(list_nodes(s.tree(), s.tree().root(), 99, false, {}).nodes) ==
        Ids{kRoot, s.a, s.b, s.d, s.c});
  CHECK(ids(list_nodes(s.tree(), s.node(s.a), 1, false, {}).nodes) == Ids{s.a, s.b, s.c});
  const Page page = list_nodes(s.tree(), s.tree().root(), 99, false, {1, 2});
  CHECK(ids(page.nodes) == Ids{s.a, s.b});
  CHECK(page.nodes[1].depth == 2);
  CHECK(page.more);
  CHECK_FALSE(list_nodes(s.tree(), s.tree().root(), 99, false, {3, 2}).more);
  s.story->prune(s.c);
  CHECK(list_nodes(s.tree(), s.tree().root(), 99, false, {}).nodes.size() == 4);
  CHECK(list_nodes(s.tree(), s.tree().root(), 99, true, {}).nodes.size() == 5);
}

TEST_CASE("A path says where each node begins", "[unit]") {
  Sample s;
  const auto path = list_path(s.tree(), s.node(s.d), 1000);
  CHECK(ids(path) == Ids{kRoot, s.a, s.b, s.d});
  CHECK(path[3].offset == 5);
  CHECK(ids(list_path(s.tree(), s.node(s.d), 2)) == Ids{s.b, s.d});
}

TEST_CASE("Leaves are listed with the length of their paths", "[unit]") {
  Sample s;
  const Page leaves = list_leaves(s.tree(), s.tree().root(), {});
  CHECK(ids(leaves.nodes) == Ids{s.d, s.c});
  CHECK(leaves.nodes[0].offset == 9);
  CHECK(leaves.nodes[1].offset == 3);
  CHECK(ids(list_leaves(s.tree(), s.node(s.b), {}).nodes) == Ids{s.d});
  s.story->prune(s.d);
  CHECK(ids(list_leaves(s.tree(), s.tree().root(), {}).nodes) == Ids{s.b, s.c});
}

TEST_CASE("Paths are compared from where they part", "[unit]") {
  Sample s;
  const Comparison both = compare(s.tree(), {&s.node(s.d), &s.node(s.c)});
  CHECK(both.ancestor->id == s.a);
  CHECK(both.shared_bytes == 2);
  CHECK(both.texts == std::vector<std::string>{"bbbdddd", "c"});
  CHECK(compare(s.tree(), {&s.node(s.d), &s.node(s.a)}).texts[1].empty());
  CHECK(compare(s.tree(), {&s.node(s.d), &s.node(s.d)}).ancestor->id == s.d);
}

TEST_CASE("Excerpts are whole characters", "[unit]") {
  const std::string text = "caf\xc3\xa9s";
  CHECK(head_of(text, 4) == "caf");
  CHECK(head_of(text, 5) == "caf\xc3\xa9");
  CHECK(head_of(text, 99) == text);
  CHECK(tail_of(text, 2) == "s");
  CHECK(tail_of(text, 3) == "\xc3\xa9s");
  const std::string odd(10, '\x80');  // no characters at all
  CHECK(head_of(odd, 6).size() == 6);
}

TEST_CASE("Spans of a path say who wrote what", "[unit]") {
  Sample s;
  const NodeId made = s.child(s.d, "mm", Origin::kModel);
  const auto spans = path_spans(s.tree(), s.node(made));
  REQUIRE(spans.size() == 4);
  CHECK(spans[3].origin == Origin::kModel);
  CHECK(spans[3].node == made);
  CHECK(spans[3].bytes == 2);
}
