// The rules of daemon/story/README.md, by their numbers.
#include "tests/unit/story/story_fixture.h"

using namespace understory;
using namespace understory::story;
using namespace understory::story::testing;

namespace {

std::string prose(std::size_t bytes, char letter) {
  std::string out;
  while (out.size() < bytes) out += std::string(1, letter) + std::string(6, 'o') + " ";
  return out;
}

// root - "One. " - "Two. " (alternative "Zwei. ") - "Three."
struct Chain : Fixture {
  Chain() {
    one = child(kRoot, "One. ");
    two = child(one, "Two. ");
    zwei = child(one, "Zwei. ");
    three = child(two, "Three.");
    choose(three);
  }
  NodeId one, two, zwei, three;
};

}  // namespace

TEST_CASE("Rule 1: a text that is another path chooses it", "[unit]") {
  Chain s;
  const std::string before = s.shape();
  s.sync("One. Zwei. ");
  CHECK(s.tree().header().current == s.zwei);
  CHECK(s.shape() == before);
  s.sync("One. Two. Three.");
  CHECK(s.tree().header().current == s.three);
  s.sync("One. ");
  CHECK(s.tree().header().current == s.one);
  CHECK(s.shape() == before);
}

TEST_CASE("Rule 1: typing past what another branch says leaves that branch alone", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "A. ");
  s.child(a, "He");
  s.choose(a);
  for (const char* text : {"A. H", "A. He", "A. Hel", "A. He", "A. Her"}) s.sync(text);
  CHECK(s.shape() == "A. (He | Her)");
}

TEST_CASE("Rule 1: an editor's undo after branching goes back to the old branch", "[unit]") {
  Fixture s;
  s.sync("A. B.");
  s.story->branch(2, "");
  s.sync("A. B.");
  CHECK(s.shape() == "A.( B.)");
}

TEST_CASE("What was taken from the model is told apart from what is typed around it", "[unit]") {
  Fixture s;
  const Generation how{0, "m", "{}", 1, fnv1a_hex("p"), -1.5, "stop", 0};
  const auto parts = [&] {
    std::string out;
    for (const Node* node : s.tree().path_to(s.tree().current())) {
      std::size_t at = 0;
      for (const Span& span : node->spans) {
        out += (span.origin == Origin::kModel    ? "<"
                : span.origin == Origin::kEdited ? "{"
                                                 : "(") +
               node->text.substr(at, span.bytes);
        at += span.bytes;
        if (span.origin == Origin::kModel) {
          CHECK(s.tree().generation(span.generation)->seed == how.seed);
        }
      }
      if (!node->spans.empty()) out += "/";
    }
    return out;
  };

  SECTION("in a new tree it is part of its chapter") {
    s.story->sync("It was dark and wet.\n# Two\nRain.", std::nullopt, {{6, 5, how}, {15, 9, how}});
    CHECK(parts() == "(It was< dark( and< wet.\n/<# T(wo\nRain./");
    s.story->sync("It was very dark and wet.\n# Two\nRain.", std::nullopt, {{11, 5, how}});
    CHECK(parts() == "(It was< {very< dark( and< wet.\n/<# T(wo\nRain./");
  }
  SECTION("at the end it is a node, and what is typed after it another") {
    s.story->sync("It was", std::nullopt);
    s.story->sync("It was dark and wet", std::nullopt, {{6, 5, how}});
    CHECK(parts() == "(It was/< dark/( and wet/");
    s.story->sync("It was dark and wet.", std::nullopt, {{6, 5, how}});
    CHECK(parts() == "(It was/< dark/( and wet./");
    CHECK(s.tree().generations().size() == 1);
  }
  SECTION("within a line it is part of its node") {
    s.story->sync("It was\n", std::nullopt);
    s.story->sync("It was dark\n", std::nullopt, {{6, 5, how}});
    CHECK(parts() == "(It was< dark(\n/");
  }
  SECTION("on opening") {
    s.story->merge_document("It was dark", {{6, 5, how}});
    CHECK(parts() == "(It was< dark/");
  }
  SECTION("what the manuscript has already stays as it is") {
    s.story->sync("It was dark", std::nullopt);
    const std::uint64_t revision = s.story->revision();
    CHECK(s.story->sync("It was dark", std::nullopt, {{6, 5, how}}).kind.empty());
    CHECK(s.story->revision() == revision);
    CHECK(s.tree().generations().empty());
  }
  SECTION("it must lie in the text, in order") {
    const auto code = [&](const std::vector<Taken>& taken) {
      return error_of([&] { s.story->sync("four", std::nullopt, taken); }).code;
    };
    CHECK(code({{5, 0, how}}) == ErrorCode::kInvalidArgument);
    CHECK(code({{3, 2, how}}) == ErrorCode::kInvalidArgument);
    CHECK(code({{2, SIZE_MAX, how}}) == ErrorCode::kInvalidArgument);
    CHECK(code({{1, 2, how}, {2, 1, how}}) == ErrorCode::kInvalidArgument);
    CHECK(s.story->manuscript().empty());
  }
}

TEST_CASE("Rule 2: a change inside a node edits it and keeps what hangs on it", "[unit]") {
  Chain s;
  s.sync("Once. Two. Three.");
  CHECK(s.shape() == "Once. (Two. (Three.) | Zwei. )");
  s.sync("Once upon. Two, yes. Three!");
  CHECK(s.shape() == "Once upon. (Two, yes. (Three!) | Zwei. )");
  CHECK(s.node(s.two).id == s.two);
}

TEST_CASE("Rule 2: a pasted passage inside a shared node changes every branch", "[unit]") {
  Chain s;
  const std::string pasted = prose(500, 'p');
  s.sync("On" + pasted + "e. Two. Three.");
  CHECK(s.node(s.one).text == "On" + pasted + "e. ");
  CHECK(s.tree().live_children(s.node(s.one)).size() == 2);
}

TEST_CASE("Rule 3: most of a node rewritten keeps the old text as a branch", "[unit]") {
  Fixture s;
  const std::string old = prose(600, 'a');
  const NodeId first = s.child(kRoot, "Start. ");
  const NodeId middle = s.child(first, old);
  const NodeId other = s.child(middle, "Other end.");
  const NodeId end = s.child(middle, "End.");
  s.choose(end);
  const std::string fresh = prose(500, 'z');
  s.sync("Start. " + fresh + "End.");
  CHECK(s.node(middle).text == old);
  CHECK(s.node(end).up->text == fresh);
  CHECK(s.node(other).up->id == middle);  // it goes on from the old text
  CHECK(s.tree().header().current == end);
  CHECK(s.trash().empty());
}

TEST_CASE("Rule 3: replaced chapters stay as a branch", "[unit]") {
  Fixture s;
  s.sync("# One\n\nA.\n\n# Two\n\nB.\n\n# Three\n\nC.\n");
  CHECK(s.tree().path_to(s.tree().current()).size() == 4);  // the root and three chapters
  s.sync("# One\n\nA.\n\n# New\n\nQ.\n\n# Three\n\nC.\n");
  CHECK(s.story->manuscript().find("New") != std::string::npos);
  // Small: an edit in place.
  CHECK(s.tree().path_to(s.tree().current()).size() == 4);
  const NodeId two = s.child(kRoot, prose(900, 'b'));
  const NodeId three = s.child(two, prose(900, 'c'));
  const NodeId four = s.child(three, "Coda.");
  s.choose(four);
  s.sync(prose(800, 'x') + "Coda.");
  CHECK(s.node(two).text == prose(900, 'b'));
  CHECK(s.node(three).up->id == two);
  CHECK(s.node(four).up->text == prose(800, 'x'));
  CHECK_FALSE(s.tree().in_trash(s.node(three)));
}

TEST_CASE("Rule 4: deleting across nodes branches where others go on from inside", "[unit]") {
  Chain s;
  s.sync("Onwo. Three.");  // "e. T" is gone: the end of One, from where Zwei goes on
  CHECK(s.node(s.zwei).up->text + "|" == "e. |");
  CHECK(s.tree().text_to(s.node(s.zwei)) == "One. Zwei. ");
  CHECK(s.trash().empty());
  CHECK(s.tree().header().current == s.three);
}

TEST_CASE("Rule 4: deleting across nodes edits both where nothing else goes on", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "First part. ");
  const NodeId b = s.child(a, "Second part. ");
  s.choose(b);
  s.sync("First cond part. ");
  CHECK(s.node(a).text + "|" + s.node(b).text == "First |cond part. ");
}

TEST_CASE("Rule 4: deleted nodes go to the trash, from where they come back", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "Keep. ");
  const NodeId b = s.child(a, prose(100, 'g'), Origin::kModel);
  const NodeId c = s.child(b, "Tail.");
  s.choose(c);
  s.sync("Keep. Tail.");
  CHECK(s.node(c).up->id == a);
  CHECK(s.trash() == std::vector<std::string>{prose(100, 'g')});
  s.story->restore(b);
  CHECK(s.tree().text_to(s.node(b)) == "Keep. " + prose(100, 'g'));
}

TEST_CASE("Rule 5: typing at the end grows what was typed and begins anew after the model",
          "[unit]") {
  Fixture s;
  s.sync("She");
  s.sync("She waited");
  CHECK(s.shape() == "She waited");
  const NodeId made = s.child(s.tree().header().current, " for rain", Origin::kModel);
  s.choose(made);
  s.sync("She waited for rain.");
  CHECK(s.shape() == "She waited( for rain(.))");
  CHECK(origin_of(s.node(made)) == Origin::kModel);
}

TEST_CASE("Rule 5: typing after a node with children begins a branch", "[unit]") {
  Chain s;
  s.choose(s.one);
  s.sync("One. Deux.");
  CHECK(s.shape() == "One. (Two. (Three.) | Zwei.  | Deux.)");
}

TEST_CASE("Rule 5: text typed between nodes spares the other branches", "[unit]") {
  Chain s;
  s.sync("One. And Two. Three.");
  CHECK(s.shape() == "One. (And Two. (Three.) | Zwei. )");
  s.sync("One. And Two. So. Three.");  // nothing else goes on from Two
  CHECK(s.shape() == "One. (And Two. So. (Three.) | Zwei. )");
}

TEST_CASE("Rule 6: a passage that is cut out is kept in the trash", "[unit]") {
  Fixture s;
  const std::string passage = prose(300, 'k');
  s.sync("A beginning that stays where it is. " + passage + prose(1000, 's'));
  s.sync("A beginning that stays where it is. " + prose(1000, 's'));
  CHECK(s.trash() == std::vector<std::string>{passage});
}

TEST_CASE("A few letters taken back leave nothing behind", "[unit]") {
  Fixture s;
  s.sync("Base.");
  const NodeId made = s.child(s.tree().header().current, " More", Origin::kModel);
  s.choose(made);
  s.sync("Base. Morex");
  s.sync("Base. More");
  CHECK(s.shape() == "Base.( More)");
  CHECK(s.trash().empty());
}

TEST_CASE("Everything deleted is everything kept as a branch", "[unit]") {
  Chain s;
  const std::string before = s.shape();
  s.sync("");
  CHECK(s.shape() == before);
  s.sync("New");
  CHECK(s.shape() == before + " | New");
}

TEST_CASE("The writer's words inside the model's count as edited", "[unit]") {
  Fixture s;
  const NodeId made = s.child(kRoot, "the grey sea", Origin::kModel);
  s.choose(made);
  s.sync("the green sea");
  CHECK(origin_of(s.node(made)) == Origin::kEdited);
  REQUIRE(s.node(made).spans.size() == 3);
  CHECK(s.node(made).spans[1].origin == Origin::kEdited);
  CHECK(generation_of(s.node(made)) != kNoGeneration);
}

TEST_CASE("Bytes that are no UTF-8 are as good as others", "[unit]") {
  Fixture s;
  const std::string odd("\xff\x00\xfe\xc3", 4);
  s.sync("a" + odd + "b");
  s.sync("a" + odd + odd + "b\xc3");
  s.reopen();
  CHECK(s.story->manuscript() == "a" + odd + odd + "b\xc3");
}

TEST_CASE("Taken by the word, a suggestion grows one node", "[unit]") {
  Fixture s;
  s.sync("It was");
  const Generation g{0, "m", "{}", 5, "h", -1, "stop", 0};
  NewEdit edit{{6, 0, " a", Origin::kModel}, g};
  s.story->edit({edit}, std::nullopt);
  edit.edit = {8, 0, " dark", Origin::kModel};
  s.story->edit({edit}, std::nullopt);
  CHECK(s.shape() == "It was( a dark)");
  CHECK(s.tree().generations().size() == 1);
  const Generation other{0, "m", "{}", 6, "h", -1, "stop", 0};
  s.story->edit({{{13, 0, " night", Origin::kModel}, other}}, std::nullopt);
  CHECK(s.shape() == "It was( a dark( night))");
}

TEST_CASE("Several edits count from the manuscript before them", "[unit]") {
  Fixture s;
  s.sync("abcdef");
  s.story->edit({{{1, 1, "BB"}, {}}, {{4, 1, ""}, {}}, {{6, 0, "!"}, {}}}, std::nullopt);
  CHECK(s.story->manuscript() == "aBBcdf!");
  CHECK(error_of([&] {
          s.story->edit({{{3, 2, ""}, {}}, {{1, 1, ""}, {}}}, {});
        }).code == ErrorCode::kInvalidArgument);
  CHECK(error_of([&] {
          s.story->edit({{{6, 2, ""}, {}}}, {});
        }).code == ErrorCode::kInvalidArgument);
  CHECK(s.story->manuscript() == "aBBcdf!");
}

TEST_CASE("A long document begins as its chapters, and its bytes are its bytes", "[unit]") {
  Fixture s;
  std::string text = "\n\n# One\n";
  text += prose(200'000, 'w') + "\n\n## Two\n" + prose(70'000, 'v') + "\n# ";
  s.sync(text);
  const Path path = s.tree().path_to(s.tree().current());
  CHECK(path.size() > 5);
  for (const Node* node : path) CHECK(node->text.size() <= kLargeNodeBytes);
}

TEST_CASE("What another editor appended goes on from the branch it knew", "[unit]") {
  Chain s;
  s.story->merge_document("One. Zwei. Und mehr.");
  CHECK(s.story->manuscript() == "One. Zwei. Und mehr.");
  CHECK(s.node(s.zwei).text == "Zwei. Und mehr.");
  CHECK(s.node(s.two).text == "Two. ");
}
