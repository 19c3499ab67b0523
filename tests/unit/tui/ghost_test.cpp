#include <catch2/catch.hpp>
#include <string>

#include "tui/ghost/pacing.h"
#include "tui/ghost/prompt_text.h"
#include "tui/ghost/suggestion.h"

namespace understory::tui {
namespace {

Suggestion suggestion(const std::vector<std::string>& texts) {
  Suggestion s;
  s.begin(10);
  s.expect(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) s.finish(i, texts[i]);
  s.settle();
  return s;
}

TEST_CASE("Typing what a suggestion says keeps it", "[unit]") {
  Suggestion s = suggestion({" and then"});
  CHECK(s.type(" a"));
  CHECK(s.shown() == "nd then");
  CHECK(s.offset() == 12);
  CHECK(s.erase(1));
  CHECK(s.shown() == "and then");
  CHECK_FALSE(s.type("x"));
  CHECK_FALSE(s.is_open());
}

TEST_CASE("Typing faster than it streams keeps it too", "[unit]") {
  Suggestion s;
  s.begin(0);
  s.expect(1);
  CHECK(s.type("the"));
  CHECK(s.shown().empty());
  s.append(0, "th");
  CHECK(s.shown().empty());
  s.append(0, "e rain");
  CHECK(s.shown() == " rain");
  Suggestion wrong;
  wrong.begin(0);
  wrong.expect(1);
  CHECK(wrong.type("tho"));
  wrong.append(0, "the rain");
  CHECK(wrong.shown().empty());
}

TEST_CASE("Typing turns to the alternative that agrees", "[unit]") {
  Suggestion s = suggestion({"red", "green", "grey", "", "red"});
  CHECK(s.n_alternatives() == 3);
  CHECK(s.position() == 1);
  CHECK(s.type("gr"));
  CHECK(s.shown() == "een");
  CHECK(s.n_alternatives() == 2);
  s.go(1);
  CHECK(s.shown() == "ey");
  CHECK(s.position() == 2);
  s.go(1);
  CHECK(s.shown() == "een");
  s.go(-1);
  CHECK(s.shown() == "ey");
}

TEST_CASE("It is taken by the word, by the sentence, or whole", "[unit]") {
  Suggestion s = suggestion({" said Mr. Hale. \u201CNo,\u201D he went on.\nThen"});
  CHECK(s.take_word() == " said");
  CHECK(s.take_sentence() == " Mr. Hale.");
  CHECK(s.take_sentence() == " \u201CNo,\u201D he went on.");
  CHECK(s.take_word() == "\nThen");
  CHECK(s.shown().empty());
  CHECK(s.take_all().empty());
}

TEST_CASE("More alternatives join the first", "[unit]") {
  Suggestion s = suggestion({"one"});
  const std::size_t first = s.expect(2);
  CHECK(first == 1);
  s.append(first, "two");
  s.append(first + 1, "one");
  s.settle();
  CHECK(s.n_alternatives() == 2);
}

TEST_CASE("The pause grows with the machine, the writer and rejections", "[unit]") {
  Pacing fast;
  for (int i = 0; i < 50; ++i) fast.note_first_token(20);
  std::int64_t now = 1'000'000;
  for (int i = 0; i < 50; ++i) fast.note_key(now += 60);
  CHECK(fast.wait_ms() == Pacing::kShortestMs);
  Pacing slow = fast;
  for (int i = 0; i < 50; ++i) slow.note_first_token(1000);
  CHECK(slow.wait_ms() > 500);
  Pacing thoughtful = fast;
  for (int i = 0; i < 50; ++i) thoughtful.note_key(now += 400);
  CHECK(thoughtful.wait_ms() > 500);
  for (int i = 0; i < 5; ++i) fast.note_rejected();
  CHECK(fast.wait_ms() == 2 * Pacing::kShortestMs);
  fast.note_taken();
  CHECK(fast.wait_ms() == Pacing::kShortestMs);
}

TEST_CASE("A long prompt begins at a line and stays put while the caret moves on", "[unit]") {
  std::string bytes;
  while (bytes.size() < 600'000) bytes += "A line of the story that goes on.\r\n";
  const Text text(bytes);
  const std::string a = prompt_text(text, 500'000).bytes;
  const std::string b = prompt_text(text, 505'000).bytes;
  CHECK(a.size() <= kPromptBytes);
  CHECK(a.size() > kPromptBytes / 2);
  CHECK(a.substr(0, 7) == "A line ");
  CHECK(b.substr(0, a.size()) == a);
  CHECK(a.find('\r') == std::string::npos);
  CHECK(prompt_text(text, 505'000).offset == prompt_text(text, 500'000).offset);
  CHECK(prompt_text(text, 40).bytes == "A line of the story that goes on.\nA lin");
}

TEST_CASE("A suffix is whole characters with plain line feeds", "[unit]") {
  CHECK(suffix_text(Text("a\r\nb"), 1) == "\nb");
  CHECK(suffix_text(Text("a"), 1).empty());
  std::string bytes;
  while (bytes.size() < 3000) bytes += "日";
  const std::string suffix = suffix_text(Text("x" + bytes), 1);
  CHECK(suffix.size() % 3 == 0);
  CHECK(suffix.size() > 1000);
}

}  // namespace
}  // namespace understory::tui
