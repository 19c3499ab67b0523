#include "daemon/engine/text_rules.h"

#include <catch2/catch.hpp>

#include "daemon/engine/random.h"

using namespace understory::engine;

namespace {

CompletionParams with(StopUnit until, std::string suffix = "") {
  CompletionParams params;
  params.stop.until = until;
  params.suffix = std::move(suffix);
  return params;
}

struct Shown {
  std::string text;
  std::optional<Suppressed> suppressed;
};

/// Streams `text` in pieces of `step` bytes and whole characters. Fails where something was shown
/// that then goes.
Shown stream(const TextRules& rules, std::string text, std::size_t step = 1) {
  TextWatch watch(rules);
  std::size_t safe = 0;
  std::optional<Suppressed> suppressed;
  for (std::size_t size = 0; size < text.size();) {
    size = std::min(size + step, text.size());
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
    const auto verdict = watch.look(std::string_view(text).substr(0, size));
    suppressed = verdict.suppressed;
    if (verdict.end) {
      CHECK(*verdict.end >= safe);
      text.resize(*verdict.end);
      break;
    }
    safe = std::max(safe, verdict.safe);
  }
  const auto closing = watch.close(text);
  CHECK(closing.end >= safe);
  if (!suppressed) suppressed = closing.suppressed;
  if (suppressed) CHECK(safe == 0);
  return {suppressed ? "" : text.substr(0, closing.end), suppressed};
}

}  // namespace

TEST_CASE("The first rule that ends a text ends it", "[unit]") {
  const TextRules rules(with(StopUnit::kSentence, " and so on and"), "x");
  CHECK(stream(rules, " He went. And so on").text == " He went.");
  CHECK(stream(rules, " He went and so on and. Then").text == " He went");
}

TEST_CASE("Junk has a reason", "[unit]") {
  const TextRules rules(with(StopUnit::kNone, " and more"), "She opened the old green door.");
  CHECK(stream(rules, "").suppressed == Suppressed::kEmpty);
  CHECK(stream(rules, " \n\n ").suppressed == Suppressed::kEmpty);
  CHECK(stream(rules, "\xC2\xA0").suppressed == Suppressed::kEmpty);
  CHECK(stream(rules, " ...\" \xE2\x80\x94").suppressed == Suppressed::kPunctuation);
  CHECK(stream(rules, " and").suppressed == Suppressed::kEmpty);  // the suffix says it
  CHECK(stream(rules, "\" and more").suppressed == Suppressed::kPunctuation);
  CHECK(stream(rules, " She opened the old green door.").suppressed == Suppressed::kRepeats);
  CHECK(stream(rules, std::string(60, '.')).suppressed == Suppressed::kLoops);
  CHECK_FALSE(stream(rules, " She").suppressed);
}

TEST_CASE("Text before a loop stays", "[unit]") {
  const TextRules rules(with(StopUnit::kNone), "x");
  const Shown shown = stream(rules, " He sat down. ha ha ha ha ha ha ha ha ha ha ha ha ha");
  CHECK(shown.text == " He sat down. ha");
  CHECK_FALSE(shown.suppressed);
}

TEST_CASE("Nothing is suppressed where that is turned off", "[unit]") {
  CompletionParams params = with(StopUnit::kNone);
  params.suppress = false;
  const TextRules rules(params, "She opened the old green door.");
  for (const std::string text : {"", "...", " She opened the old green door.",
                                 " ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha"}) {
    const Shown shown = stream(rules, text);
    CHECK(shown.text == text);
    CHECK_FALSE(shown.suppressed);
  }
}

TEST_CASE("No text that was shown is taken back by any rule", "[unit]") {
  const std::string_view parts[] = {" ",   " the", " old", " man", ".", "\n", "\"", " the old man",
                                    " he", "..",   ", no", "!",    "a", "-"};
  const auto random_text = [&](std::uint64_t seed, std::size_t n) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i) text += parts[random_bits(seed, i) % (seed % 3 ? 14 : 5)];
    return text;
  };
  int n_suppressed = 0;
  int n_cut = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const StopUnit units[] = {StopUnit::kNone, StopUnit::kSentence, StopUnit::kNone,
                              StopUnit::kParagraph};
    const TextRules rules(with(units[seed % 4], random_text(seed + 50000, seed % 5)),
                          random_text(seed + 90000, 20));
    const std::string text = random_text(seed, 30);
    const Shown shown = stream(rules, text, 1 + seed % 7);
    n_suppressed += shown.suppressed.has_value();
    n_cut += shown.text.size() < text.size();
  }
  CHECK(n_suppressed > 20);
  CHECK(n_cut > 500);
}
