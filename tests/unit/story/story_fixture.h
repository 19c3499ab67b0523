// A story in a temporary folder, with a clock that the test sets.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/fnv1a.h"
#include "daemon/story/exchange.h"
#include "daemon/story/sidecar.h"
#include "daemon/story/spans.h"
#include "daemon/story/story.h"
#include "daemon/story/views.h"

namespace understory::story::testing {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "story-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}
inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The code of the ErrorException that `work` throws; fails where it throws none.
template <class Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const ErrorException& e) {
    return e.error();
  }
  FAIL("nothing was thrown");
  return {};
}

struct Fixture {
  Fixture() { open(); }

  void open() {
    const Sidecar sidecar = find_sidecar(folder.path() / "doc.md").value_or_throw();
    if (!sidecar.exists) create_sidecar(sidecar).value_or_throw();
    file = sidecar.file;
    story = std::make_unique<Story>(file, [this] { return now_ms; });
  }
  void reopen() {
    story.reset();
    open();
  }

  Story* operator->() { return story.get(); }
  const Tree& tree() const { return story->tree(); }
  const Node& node(NodeId id) const { return tree().at(id); }

  /// Adds a child and gives its id.
  NodeId child(NodeId parent, const std::string& text, Origin origin = Origin::kTyped) {
    NewChild made{text, "", origin, {}};
    if (origin == Origin::kModel) {
      made.generation = Generation{0, "m", "{}", ++seed, fnv1a_hex("p"), -1.5, "stop", 0};
    }
    return story->add(parent, {made}, std::nullopt).nodes.at(0);
  }
  void choose(NodeId id, bool descend = false) { story->choose(id, Way::kNode, descend); }

  /// Syncs and checks that the manuscript is that text.
  Done sync(const std::string& text) {
    now_ms += 60'000;  // each its own step
    Done done = story->sync(text, std::nullopt);
    CHECK(story->manuscript() == text);
    CHECK(tree().text_to(tree().current()) == text);
    tree().check();
    return done;
  }

  /// The live texts below a node, "a(b c)" where b and c hang on a; in the order of siblings.
  std::string shape(NodeId top = kRoot) const {
    std::string out = top == kRoot ? "" : node(top).text;
    const auto children = tree().live_children(node(top));
    if (children.empty()) return out;
    if (top != kRoot) out += "(";
    for (std::size_t i = 0; i < children.size(); ++i) {
      out += (i == 0 ? "" : " | ") + shape(children[i]->id);
    }
    return top == kRoot ? out : out + ")";
  }
  std::vector<std::string> trash() const {
    std::vector<std::string> out;
    for (const Listed& l : list_trash(tree(), {}).nodes) out.push_back(l.node->text);
    return out;
  }
  std::string json() const { return export_story(tree(), "json", tree().current()); }

  TempFolder folder;
  std::filesystem::path file;
  std::int64_t now_ms = 1'000'000;
  std::uint64_t seed = 0;
  std::unique_ptr<Story> story;
};

}  // namespace understory::story::testing
