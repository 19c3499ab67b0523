// The operations, each with its undo.
#include "tests/unit/story/story_fixture.h"

using namespace understory;
using namespace understory::story;
using namespace understory::story::testing;

namespace {

// Does `work`, and checks that one undo takes it back and one redo does it again.
template <class Work>
void as_one_step(Fixture& s, Work work) {
  const std::string before = s.json();
  const std::size_t steps = s.story->steps(1000).size();
  work();
  const std::string after = s.json();
  CHECK(s.story->steps(1000).size() == steps + 1);
  s.story->undo();
  CHECK(s.json() == before);
  s.story->redo();
  CHECK(s.json() == after);
  s.reopen();
  CHECK(s.json() == after);
}

}  // namespace

TEST_CASE("Branching in the middle of a node splits it", "[unit]") {
  Fixture s;
  s.sync("It was raining. She left.");
  as_one_step(s, [&] { s.story->branch(15, ""); });
  CHECK(s.story->manuscript() == "It was raining.");
  CHECK(s.shape() == "It was raining.( She left. | )");
  s.sync("It was raining. He stayed.");
  CHECK(s.shape() == "It was raining.( She left. |  He stayed.)");
}

TEST_CASE("An empty branch that nobody wrote in goes when it is left", "[unit]") {
  Fixture s;
  s.sync("A. B.");
  s.story->branch(2, "");
  s.story->choose(s.tree().header().current, Way::kPrevious, true);
  CHECK(s.shape() == "A.( B.)");
}

TEST_CASE("A branch at the very beginning hangs on the root", "[unit]") {
  Fixture s;
  s.sync("A.");
  s.story->branch(0, "B.");
  CHECK(s.shape() == "A. | B.");
  CHECK(s.story->manuscript() == "B.");
  CHECK(error_of([&] { s.story->branch(9, ""); }).code == ErrorCode::kInvalidArgument);
}

TEST_CASE("Children are added with how they were made", "[unit]") {
  Fixture s;
  s.sync("Once");
  const Generation g{0,      "model", "{\"top_k\":5}", 0xffffffffffffffff, fnv1a_hex("Once"), -2.5,
                     "stop", 0};
  Done done;
  as_one_step(s, [&] {
    done =
        s.story->add(s.tree().header().current,
                     {{" upon", "first", Origin::kModel, g}, {" more", "", Origin::kTyped, {}}}, 0);
  });
  CHECK(s.story->manuscript() == "Once upon");
  const Node& made = s.node(done.nodes.at(0));
  CHECK(made.name == "first");
  const Generation* kept = s.tree().generation(generation_of(made));
  REQUIRE(kept != nullptr);
  CHECK(kept->seed == g.seed);
  CHECK(kept->params == g.params);
  CHECK(kept->mean_logprob == g.mean_logprob);
  CHECK(kept->created_ms == s.now_ms);
}

TEST_CASE("Alternatives are chosen by their place, at the nearest choice above", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "a");
  const NodeId b = s.child(a, "b");
  const NodeId c = s.child(a, "c");
  const NodeId deep = s.child(b, "d");
  s.choose(deep);
  as_one_step(s, [&] { s.story->choose(deep, Way::kNext, true); });
  CHECK(s.tree().header().current == c);
  CHECK(s.story->choose(c, Way::kNext, true).kind.empty());  // there is no further one
  s.story->choose(c, Way::kPrevious, true);
  CHECK(s.tree().header().current == deep);
  s.story->choose(deep, Way::kParent, true);
  CHECK(s.tree().header().current == b);
  s.story->choose(b, Way::kRoot, true);
  CHECK(s.story->manuscript().empty());
  s.story->choose(kRoot, Way::kLeaf, true);
  CHECK(s.tree().header().current == deep);  // the way last chosen
}

TEST_CASE("Splitting and merging are each other's undoing", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "One two");
  s.story->mark(a, "name", true);
  const NodeId leaf = s.child(a, " three", Origin::kModel);
  s.choose(leaf);
  as_one_step(s, [&] { s.story->split(a, 3); });
  CHECK(s.shape() == "One( two( three))");
  CHECK(s.node(a).up->name == "name");
  CHECK(s.node(a).up->bookmarked);
  CHECK(s.node(a).name.empty());
  as_one_step(s, [&] { s.story->merge(a); });
  CHECK(s.shape() == "One two( three)");
  as_one_step(s, [&] { s.story->merge(leaf); });
  CHECK(s.shape() == "One two three");
  CHECK(s.node(leaf).spans.size() == 2);
  CHECK(generation_of(s.node(leaf)) != kNoGeneration);
  CHECK(s.story->manuscript() == "One two three");
  CHECK(error_of([&] { s.story->merge(leaf); }).code == ErrorCode::kInvalidArgument);
  CHECK(error_of([&] { s.story->split(leaf, 0); }).code == ErrorCode::kInvalidArgument);
  CHECK(error_of([&] { s.story->split(leaf, 13); }).code == ErrorCode::kInvalidArgument);
}

TEST_CASE("Merging leaves the parent to its other children", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "A");
  const NodeId b = s.child(a, "b");
  s.child(a, "c");
  s.choose(b);
  as_one_step(s, [&] { s.story->merge(b); });
  CHECK(s.shape() == "Ab | A(c)");
  CHECK(s.story->manuscript() == "Ab");
}

TEST_CASE("A subtree moves with all that hangs on it, but not below itself", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "a");
  const NodeId b = s.child(kRoot, "b");
  const NodeId c = s.child(a, "c");
  const NodeId d = s.child(c, "d");
  s.choose(d);
  as_one_step(s, [&] { s.story->move(c, b, kNoNode); });
  CHECK(s.shape() == "a | b(c(d))");
  CHECK(s.story->manuscript() == "bcd");
  as_one_step(s, [&] { s.story->move(b, kRoot, a); });
  CHECK(s.shape() == "b(c(d)) | a");
  CHECK(error_of([&] { s.story->move(b, d, kNoNode); }).code == ErrorCode::kInvalidArgument);
  CHECK(error_of([&] { s.story->move(kRoot, d, kNoNode); }).code == ErrorCode::kInvalidArgument);
}

TEST_CASE("Siblings find room between each other however often one is put there", "[unit]") {
  Fixture s;
  const NodeId first = s.child(kRoot, "first");
  const NodeId last = s.child(kRoot, "last");
  std::vector<NodeId> between;
  for (int i = 0; i < 60; ++i) {
    between.push_back(s.child(kRoot, std::to_string(i)));
    s.story->move(between.back(), kRoot, last);
  }
  const auto children = s.tree().live_children(s.tree().root());
  REQUIRE(children.size() == 62);
  CHECK(children.front()->id == first);
  for (std::size_t i = 0; i < 60; ++i) CHECK(children[i + 1]->id == between[i]);
  CHECK(children.back()->id == last);
  s.reopen();
  CHECK(s.tree().live_children(s.tree().root()).at(30)->id == between[29]);
}

TEST_CASE("A pruned branch waits in the trash; the manuscript ends where it was cut", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "a");
  const NodeId b = s.child(a, "b");
  const NodeId c = s.child(b, "c");
  s.choose(c);
  as_one_step(s, [&] { s.story->prune(b); });
  CHECK(s.story->manuscript() == "a");
  CHECK(s.shape() == "a");
  CHECK(error_of([&] { s.choose(c); }).code == ErrorCode::kInvalidArgument);
  CHECK(error_of([&] { s.child(c, "x"); }).code == ErrorCode::kInvalidArgument);
  as_one_step(s, [&] { s.story->restore(c); });
  CHECK(s.shape() == "a(b(c))");
  CHECK(error_of([&] { s.story->prune(kRoot); }).code == ErrorCode::kInvalidArgument);
}

TEST_CASE("The trash is emptied for good, and undone all the same", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "a");
  s.story->prune(s.child(a, "secret word"));
  as_one_step(s, [&] { s.story->empty_trash(false); });
  CHECK(s.tree().size() == 2);
  s.story->undo();
  s.story->empty_trash(true);
  CHECK(s.story->undo().kind.empty());
  s.story.reset();
  CHECK(read_file(s.file).find("secret word") == std::string::npos);
}

TEST_CASE("Names, bookmarks, hoisting and settings are steps too", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "a");
  as_one_step(s, [&] { s.story->mark(a, "Kapitel \xc3\xbc", true); });
  as_one_step(s, [&] { s.story->hoist(a); });
  CHECK(s.tree().header().hoisted == a);
  as_one_step(s, [&] { s.story->set("notes", std::string("n\0n", 3)); });
  as_one_step(s, [&] { s.story->set("notes", std::nullopt); });
  as_one_step(s, [&] { s.story->prune(a); });
  CHECK(s.tree().header().hoisted == kNoNode);
  CHECK(error_of([&] { s.story->set("", "x"); }).code == ErrorCode::kInvalidArgument);
  CHECK(error_of([&] { s.story->mark(99, "x", {}); }).code == ErrorCode::kNotFound);
}

TEST_CASE("What changes nothing is no step", "[unit]") {
  Fixture s;
  s.sync("text");
  const auto revision = s.story->revision();
  CHECK(s.sync("text").kind.empty());
  CHECK(s.story->mark(s.tree().header().current, "", false).kind.empty());
  CHECK(s.story->revision() == revision);
}

TEST_CASE("Typing within three seconds is one step", "[unit]") {
  Fixture s;
  s.sync("a");
  s.now_ms += 60'000;
  for (const char* text : {"ab", "abc", "abcd"}) {
    s.story->sync(text, std::nullopt);
    s.now_ms += 900;
  }
  s.now_ms += 5000;
  s.story->sync("abcd later", std::nullopt);
  CHECK(s.story->undo().splice->removed == 6);
  CHECK(s.story->manuscript() == "abcd");
  s.story->undo();
  CHECK(s.story->manuscript() == "a");
  s.reopen();
  s.story->redo();
  CHECK(s.story->manuscript() == "abcd");
}

TEST_CASE("A new step forgets those that were undone", "[unit]") {
  Fixture s;
  s.sync("one");
  s.sync("one two");
  s.story->undo();
  s.sync("one three");
  CHECK(s.story->redo().kind.empty());
  s.story->undo();
  CHECK(s.story->manuscript() == "one");
}

TEST_CASE("A client that is behind is told so and changes nothing", "[unit]") {
  Fixture s;
  s.sync("one");
  const auto behind = s.story->revision();
  s.sync("one two");
  const Done refused = s.story->sync("one!", behind);
  CHECK_FALSE(refused.applied);
  CHECK(s.story->manuscript() == "one two");
  CHECK_FALSE(s.story->edit({{{0, 1, "O"}, {}}}, behind).applied);
  // A bookmark changes the story, not the manuscript.
  const auto known = s.story->revision();
  s.story->mark(s.tree().header().current, {}, true);
  CHECK(s.story->sync("one two!", known).applied);
}

TEST_CASE("The splice says what happened to the manuscript", "[unit]") {
  Fixture s;
  s.sync("caf\xc3\xa9 noir");
  const Done done = s.sync("caf\xc3\xa8 noir");
  REQUIRE(done.splice);
  CHECK(done.splice->offset == 3);
  CHECK(done.splice->removed == 2);
  CHECK(done.splice->text == "\xc3\xa8");
}
