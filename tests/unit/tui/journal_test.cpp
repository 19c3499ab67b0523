#include "tui/document/journal.h"

#include <catch2/catch.hpp>
#include <string>

#include "temp_folder.h"

namespace understory::tui {
namespace {

EditRecord insertion(std::size_t at, const std::string& bytes, bool joins = false) {
  EditRecord r;
  r.joins = joins;
  r.time_ms = 1'700'000'000'000;
  r.caret_after = at + bytes.size();
  r.edit = {at, "", bytes};
  return r;
}

Text text_of(const History& history) {
  return history.travel(Text(), 0, history.current()).text;
}

TEST_CASE("A journal gives back what was written to it", "[unit]") {
  const TempFolder folder;
  {
    JournalWriter writer = JournalWriter::open(folder / "j", 0).value_or_throw();
    writer.append(insertion(0, "It was"));
    writer.append(insertion(6, " \xff\n", true));
    writer.append(insertion(0, "x"));
    writer.append(MoveRecord{1});
    writer.append(SavedRecord{1, 99, 9});
    writer.append(WordsRecord{5, 2});
    writer.append(CaretRecord{3});
    REQUIRE(writer.flush().ok());
  }
  const JournalContent content = read_journal(folder / "j").value_or_throw();
  CHECK(text_of(content.history).str() == "It was \xff\n");
  CHECK(content.history.n_states() == 3);
  CHECK(content.saved_states.at(99) == 1);
  CHECK(content.words.size() == 1);
  CHECK(content.caret == 3);
  CHECK(content.damaged_bytes == 0);
}

TEST_CASE("A journal cut anywhere keeps every whole record before the cut", "[unit]") {
  const TempFolder folder;
  std::string whole(kJournalMagic);
  for (int i = 0; i < 5; ++i) whole += encode(insertion(static_cast<std::size_t>(i), "a"));
  std::size_t last = 0;
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    write_file(folder / "j", whole.substr(0, n));
    const JournalContent content = read_journal(folder / "j").value_or_throw();
    const std::size_t size = text_of(content.history).size();
    REQUIRE(size >= last);
    REQUIRE(content.good_bytes <= n);
    last = size;
  }
  CHECK(last == 5);
  for (std::size_t i = kJournalMagic.size(); i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    write_file(folder / "j", damaged);
    const JournalContent content = read_journal(folder / "j").value_or_throw();
    REQUIRE(text_of(content.history).size() < 5);
    REQUIRE(content.damaged_bytes > 0);
  }
}

TEST_CASE("Writing goes on after a damaged end", "[unit]") {
  const TempFolder folder;
  write_file(folder / "j", std::string(kJournalMagic) + encode(insertion(0, "a")) + "rubbish");
  const JournalContent before = read_journal(folder / "j").value_or_throw();
  {
    JournalWriter writer = JournalWriter::open(folder / "j", before.good_bytes).value_or_throw();
    writer.append(insertion(1, "b"));
  }
  const JournalContent after = read_journal(folder / "j").value_or_throw();
  CHECK(text_of(after.history).str() == "ab");
  CHECK(after.damaged_bytes == 0);
}

TEST_CASE("A compacted journal has the same states in fewer bytes", "[unit]") {
  const TempFolder folder;
  std::string bytes(kJournalMagic);
  for (std::size_t i = 0; i < 200; ++i) bytes += encode(insertion(i, "a", i % 50 != 0));
  bytes += encode(MoveRecord{2}) + encode(insertion(0, "B")) + encode(SavedRecord{5, 7, 101});
  bytes += encode(MoveRecord{4});
  write_file(folder / "j", bytes);
  const JournalContent content = read_journal(folder / "j").value_or_throw();
  const std::string smaller = compact(content);
  CHECK(smaller.size() * 4 < bytes.size());
  write_file(folder / "k", smaller);
  const JournalContent again = read_journal(folder / "k").value_or_throw();
  REQUIRE(again.history.n_states() == content.history.n_states());
  CHECK(again.history.current() == 4);
  for (std::size_t state = 0; state < content.history.n_states(); ++state) {
    REQUIRE(content.history.travel(Text(), 0, state).text ==
            again.history.travel(Text(), 0, state).text);
  }
  CHECK(again.last_saved->state == 5);
}

TEST_CASE("A file that is no journal is refused, not written over", "[unit]") {
  const TempFolder folder;
  write_file(folder / "j", "something else entirely, and long enough");
  CHECK(read_journal(folder / "j").error().code == ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace understory::tui
