#include "tui/document/merge.h"

#include <catch2/catch.hpp>

namespace understory::tui {
namespace {

const Text kBase("one\ntwo\nthree\nfour\n");

TEST_CASE("Changes in different places merge", "[unit]") {
  const Merge m =
      merge(kBase, Text("ONE\ntwo\nthree\nfour\n"), Text("one\ntwo\nthree\nfour\nfive\n"));
  CHECK(m.text.str() == "ONE\ntwo\nthree\nfour\nfive\n");
  CHECK(m.n_conflicts == 0);
}

TEST_CASE("A deletion and the same change on both sides merge", "[unit]") {
  const Merge m = merge(kBase, Text("one\nthree\nFOUR\n"), Text("one\ntwo\nthree\nFOUR\n"));
  CHECK(m.text.str() == "one\nthree\nFOUR\n");
  CHECK(m.n_conflicts == 0);
}

TEST_CASE("Of two changes to one line both are kept", "[unit]") {
  const Merge m =
      merge(kBase, Text("one\nmine\nthree\nfour\n"), Text("one\ntheirs\nthree\nfour\n"));
  CHECK(m.text.str() == "one\nmine\ntheirs\nthree\nfour\n");
  CHECK(m.n_conflicts == 1);
}

TEST_CASE("A last line without a line feed does not run into the other version", "[unit]") {
  const Merge m = merge(Text("a"), Text("b"), Text("c"));
  CHECK(m.text.str() == "b\nc");
}

}  // namespace
}  // namespace understory::tui
