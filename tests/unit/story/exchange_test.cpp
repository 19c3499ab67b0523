// Trees of other programs: the files under data/ are made by hand in their shapes.
#include <nlohmann/json.hpp>

#include "tests/unit/story/story_fixture.h"

using namespace understory;
using namespace understory::story;
using namespace understory::story::testing;

namespace {

std::string data(const std::string& name) {
  return read_file(std::string(STORY_DATA_DIR) + "/" + name);
}

std::string exported(const Fixture& s, const std::string& format) {
  return export_story(s.tree(), format, s.tree().current());
}

// The story in another one, through a format.
std::string through(const Fixture& s, const std::string& format) {
  Fixture other;
  import_story(*other.story, exported(s, format), "auto", kRoot, true);
  CHECK(other.story->manuscript() == s.story->manuscript());
  return other.shape();
}

}  // namespace

TEST_CASE("pyloom's trees come in with their texts, chapters, tags and sources", "[unit]") {
  Fixture s;
  import_story(*s.story, data("pyloom.json"), "auto", kRoot, true);
  CHECK(s.shape() == "Once( upon a time |  there was a cat(.))");
  CHECK(s.story->manuscript() == "Once there was a cat");
  const Node& once = *s.tree().live_children(s.tree().root()).at(0);
  CHECK(once.name == "The beginning");
  const auto children = s.tree().live_children(once);
  CHECK(children[0]->bookmarked);
  CHECK(origin_of(*children[0]) == Origin::kModel);
  CHECK(origin_of(*children[1]) == Origin::kEdited);
  CHECK(s.story->undo().kind == "import");
  CHECK(s.tree().size() == 1);
}

TEST_CASE("loomsidian's trees come in with several roots and the order of their siblings",
          "[unit]") {
  Fixture s;
  import_story(*s.story, data("loomsidian.json"), "auto", kRoot, true);
  CHECK(s.shape() == "Night fell.( Zebras slept. |  Ants worked.) | Another start.");
  CHECK(s.story->manuscript() == "Night fell. Ants worked.");
  CHECK(s.tree().current().bookmarked);
}

TEST_CASE("Exports come back as the same tree", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "One \"quoted\"\n\t\\ caf\xc3\xa9");
  s.child(a, " two", Origin::kModel);
  const NodeId c = s.child(a, " three");
  s.child(kRoot, "Other");
  s.story->mark(a, "Name", true);
  s.choose(c);
  for (const char* format : {"json", "pyloom", "loomsidian"}) {
    INFO(format);
    CHECK(through(s, format) == s.shape());
  }
}

TEST_CASE("Our own form loses nothing", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "odd \xff\xfe bytes", Origin::kModel);
  s.choose(a);
  s.sync("odd \xff\xfe edited bytes");
  s.story->prune(s.child(a, "pruned"));
  s.story->mark(a, "n\xff", true);
  s.story->set("notes", "\xc0 x");
  Fixture other;
  import_story(*other.story, exported(s, "json"), "json", kRoot, true);
  const Node& to = *other.tree().live_children(other.tree().root()).at(0);
  const Node& from = s.node(a);
  CHECK(to.text == from.text);
  CHECK(to.name == from.name);
  CHECK(to.bookmarked);
  CHECK(to.created_ms == from.created_ms);
  REQUIRE(to.spans.size() == from.spans.size());
  CHECK(to.spans[1].origin == Origin::kEdited);
  CHECK(other.tree().generation(generation_of(to))->mean_logprob == -1.5);
  CHECK(other.trash() == std::vector<std::string>{"pruned"});
  CHECK(other.tree().settings().at("notes") == "\xc0 x");
  CHECK(other.story->manuscript() == s.story->manuscript());
}

TEST_CASE("Exports are JSON that other programs can read, whatever the bytes", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "\xff\x01 \xe2\x80\xa8");
  s.child(a, "x");
  s.story->prune(s.child(a, "gone"));
  for (const char* format : {"json", "pyloom", "loomsidian"}) {
    INFO(format);
    CHECK(nlohmann::json::accept(exported(s, format)));
  }
  const auto loom = nlohmann::json::parse(exported(s, "pyloom"));
  CHECK(loom["root"]["children"].size() == 1);
  CHECK(loom["root"]["children"][0]["children"].size() == 1);
  const auto obsidian = nlohmann::json::parse(exported(s, "loomsidian"));
  CHECK(obsidian["nodes"].contains(obsidian["current"].get<std::string>()));
}

TEST_CASE("Markdown has every branch once", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "Start");
  s.child(a, " left");
  s.choose(s.child(s.child(a, " right"), " on"));
  const std::string text = exported(s, "markdown");
  CHECK(text.find("Start") == text.rfind("Start"));
  CHECK(text.find("<!-- branch 1.1 -->\n\n left") != std::string::npos);
  CHECK(text.find("<!-- branch 1.2, in the manuscript -->\n\n right on") != std::string::npos);
  CHECK(exported(s, "text") == "Start right on");
}

TEST_CASE("Texts are imported below any node", "[unit]") {
  Fixture s;
  const NodeId a = s.child(kRoot, "A");
  import_story(*s.story, "just { text", "auto", a, true);
  CHECK(s.shape() == "A(just { text)");
  CHECK(s.story->manuscript() == "Ajust { text");
}

TEST_CASE("What is no tree is refused and nothing is changed", "[unit]") {
  Fixture s;
  s.sync("mine");
  const std::string before = s.json();
  const auto refused = [&](const std::string& text, const std::string& format) {
    INFO(text);
    CHECK(error_of([&] { import_story(*s.story, text, format, kRoot, true); }).code ==
          ErrorCode::kInvalidArgument);
    CHECK(s.json() == before);
  };
  refused("{", "json");
  refused("[]", "json");
  refused("[]", "pyloom");
  refused("{\"root\": 5}", "pyloom");
  refused("{\"root\": {\"children\": [5]}}", "pyloom");
  refused("{\"nodes\": 5, \"current\": 1}", "loomsidian");
  // A cycle.
  refused(R"({"current": "a", "nodes": {"a": {"text": "", "parentId": "b"},
                                        "b": {"text": "", "parentId": "a"}}})",
          "loomsidian");
  refused(R"({"format": "understory-story", "version": 2, "nodes": []})", "json");
  refused(R"({"format": "understory-story", "version": 1, "nodes": [{"id": 3, "parent": 9}]})",
          "json");
  refused(R"({"format": "understory-story", "version": 1, "nodes": [{"id": 3, "text": "abc",
            "spans": [[2, "typed"]]}]})",
          "json");
  refused("x", "nonsense");
  CHECK(error_of([&] { exported(s, "pdf"); }).code == ErrorCode::kInvalidArgument);
}

TEST_CASE("A chain of a hundred thousand nested nodes goes out and comes in", "[unit]") {
  constexpr std::size_t kDepth = 100'000;
  std::string text = "{\"root\": {\"text\": \"\", \"children\": [";
  for (std::size_t i = 0; i < kDepth; ++i) text += "{\"text\": \"x\", \"children\": [";
  for (std::size_t i = 0; i < kDepth; ++i) text += "]}";
  text += "]}}";
  Fixture s;
  import_story(*s.story, text, "pyloom", kRoot, true);
  CHECK(s.story->manuscript().size() == kDepth);
  for (const char* format : {"json", "pyloom", "loomsidian", "markdown"}) {
    CHECK(exported(s, format).size() > kDepth);
  }
}
