// Steps of undo as bytes, whole and damaged.
#include <random>

#include "daemon/story/change.h"
#include "tests/unit/story/story_fixture.h"

using namespace understory;
using namespace understory::story;
using namespace understory::story::testing;

namespace {

struct Bare {
  Bare() {
    Row root;
    root.id = kRoot;
    std::vector<RowEdit> rows;
    rows.emplace_back(kRoot, root);
    tree.apply(std::move(rows));
  }
  Record change(const std::function<void(Change&)>& work, bool keep = true) {
    Change c(
        tree, [this] { return ++last_id; }, 5);
    work(c);
    Record record = c.record();
    if (keep) c.keep();
    return record;
  }
  Tree tree;
  NodeId last_id = kRoot;
};

Record sample(Bare& b) {
  NodeId a = 0;
  b.change([&](Change& c) {
    a = c.create(kRoot, nullptr, "some text here", whole(14, Origin::kTyped)).id;
    c.create(kRoot, nullptr, "gone", whole(4, Origin::kModel));
  });
  return b.change([&](Change& c) {
    c.set_text(a, "some new text", whole(13, Origin::kEdited));
    c.erase(b.last_id);
    c.create(a, nullptr, "made", whole(4, Origin::kTyped));
    c.set_setting("k", "v");
    c.set_current(b.last_id);
  });
}

}  // namespace

TEST_CASE("A change that is not kept leaves the tree as it was", "[unit]") {
  Bare b;
  sample(b);
  const std::string before = export_story(b.tree, "json", b.tree.root());
  b.change(
      [&](Change& c) {
        c.create(kRoot, nullptr, "x", whole(1, Origin::kTyped));
        c.set_setting("k", std::nullopt);
        c.set_current(kRoot);
        c.add_generation({});
      },
      false);
  CHECK(export_story(b.tree, "json", b.tree.root()) == before);
}

TEST_CASE("A step's bytes take it back and do it again", "[unit]") {
  Bare b;
  const Record record = sample(b);
  const std::string bytes = encode(record);
  const std::string after = export_story(b.tree, "json", b.tree.root());
  apply(b.tree, decode_record(bytes, b.tree, true).reversed());
  CHECK(b.tree.size() == 3);
  CHECK(b.tree.settings().empty());
  apply(b.tree, decode_record(bytes, b.tree, false));
  CHECK(export_story(b.tree, "json", b.tree.root()) == after);
}

TEST_CASE("Damaged steps are refused and change nothing", "[unit]") {
  Bare b;
  const Record record = sample(b);
  const std::string bytes = encode(record);
  const std::string after = export_story(b.tree, "json", b.tree.root());
  std::mt19937 random(3);
  const auto try_one = [&](const std::string& damaged) {
    try {
      const Record read = decode_record(damaged, b.tree, true).reversed();
      apply(b.tree, read);
      apply(b.tree, read.reversed());
    } catch (const ErrorException& e) {
      CHECK(e.error().code == ErrorCode::kIo);
      CHECK(export_story(b.tree, "json", b.tree.root()) == after);
    }
  };
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) try_one(bytes.substr(0, cut));
}
