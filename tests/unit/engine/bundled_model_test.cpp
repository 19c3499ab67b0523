// The engine on the bundled model's real weights and vocabulary, on the scalar reference.
#include <cctype>
#include <chrono>
#include <iostream>

#include "tests/support/reference_backend.h"
#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

constexpr std::string_view kProse =
    "The rain had stopped before morning, and the garden was full of the small sounds that come "
    "after it. She went down to the kitchen without her shoes and found her father already at "
    "the table, reading yesterday's newspaper as though something in it might have changed. He "
    "did not look up when she came in. \"You were out late,\" he said. There was nothing in his "
    "voice that she could answer, so she put the kettle on and stood at the window, looking at "
    "the wet leaves and thinking of the letter that was lying under her pillow.";

struct Bundled {
  std::shared_ptr<tokenizer::Tokenizer> tokenizer;
  std::shared_ptr<model::Model> model;
  std::unique_ptr<Engine> engine;

  CompletionResult complete(CompletionParams params) {
    auto listener = std::make_shared<Collector>();
    REQUIRE(engine->complete(1, std::move(params), listener).ok());
    auto result = listener->wait();
    REQUIRE(result.ok());
    return *result;
  }
};

Bundled load() {
  auto file = gguf::File::open(MODELS_DIR "/understory-3m.gguf");
  REQUIRE(file.ok());
  auto tokenizer = tokenizer::Tokenizer::from_gguf(file->metadata());
  REQUIRE(tokenizer.ok());
  auto model = model::Model::load(*file, test::make_reference_backend(), {});
  REQUIRE(model.ok());
  Bundled bundled;
  bundled.tokenizer = *std::move(tokenizer);
  bundled.model = *std::move(model);
  bundled.engine = std::make_unique<Engine>(bundled.model, bundled.tokenizer);
  return bundled;
}

CompletionParams greedy(std::string_view prefix, std::uint32_t max_tokens, bool healing) {
  CompletionParams params;
  params.prefix = prefix;
  params.sampler.temperature = 0;
  params.stop.max_tokens = max_tokens;
  params.healing = healing;
  return params;
}

struct Cut {
  std::size_t word_begin = 0;  // of the space before the word
  std::size_t at = 0;          // inside the word
  std::size_t word_end = 0;
};

/// Every cut point inside a word of the prose that has a few words before it.
std::vector<Cut> cuts_inside_words(std::string_view text) {
  std::vector<Cut> cuts;
  for (std::size_t begin = text.find(' ', 40); begin != std::string_view::npos;
       begin = text.find(' ', begin + 1)) {
    std::size_t end = begin + 1;
    while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end]))) ++end;
    for (std::size_t at = begin + 2; at < end; ++at) cuts.push_back({begin, at, end});
  }
  return cuts;
}

}  // namespace

TEST_CASE("The bundled model's text is the same cold, warm, alone and beside others", "[unit]") {
  Bundled cold = load();
  CompletionParams params = greedy(kProse, 12, true);
  params.sampler = {};
  params.sampler.seed = 7;
  params.n = 2;
  const auto expected = texts(cold.complete(params));
  CHECK_FALSE(expected[0].empty());
  CHECK(expected[0] != expected[1]);
  CHECK(texts(cold.complete(params)) == expected);

  Bundled busy = load();
  std::vector<std::shared_ptr<Collector>> others;
  for (int i = 0; i < 4; ++i) {
    others.push_back(std::make_shared<Collector>());
    REQUIRE(
        busy.engine->complete(2, greedy(kProse.substr(i * 50, 40), 20, true), others.back()).ok());
  }
  CHECK(texts(busy.complete(params)) == expected);
  for (auto& other : others) CHECK(other->wait().ok());
}

TEST_CASE("A letter more costs few tokens of prefill", "[unit]") {
  Bundled bundled = load();
  std::vector<std::uint32_t> fresh;
  for (std::size_t end = 200; end < 230; ++end) {
    CompletionParams params = greedy(kProse.substr(0, end), 1, true);
    const Timings timings = bundled.complete(params).timings;
    if (end > 200) fresh.push_back(timings.prompt_tokens - timings.cached_tokens);
  }
  std::sort(fresh.begin(), fresh.end());
  CHECK(fresh[fresh.size() / 2] <= 2);
  CHECK(fresh.back() <= 8);
}

namespace {

struct HealingCount {
  int n_spelled = 0;  // cuts of words that greedy decoding writes from their beginning
  int n_broken = 0;
  int n_right_healed = 0;  // of all cuts: the suggestion completes the prose's own word
  int n_right_plain = 0;
  int n_cuts = 0;
};

HealingCount count_healing(std::size_t every_nth) {
  Bundled bundled = load();
  HealingCount count;
  const auto cuts = cuts_inside_words(kProse);
  for (std::size_t i = 0; i < cuts.size(); i += every_nth) {
    const Cut& cut = cuts[i];
    const std::string_view before = kProse.substr(0, cut.word_begin);
    const std::string_view until_cut = kProse.substr(0, cut.at);
    const std::string uncut = bundled.complete(greedy(before, 8, false)).branches[0].text;
    CompletionParams params = greedy(until_cut, 8, true);
    params.stop.until = StopUnit::kWord;
    const std::string healed = bundled.complete(params).branches[0].text;
    params.healing = false;
    const std::string plain = bundled.complete(params).branches[0].text;

    const std::string typed(kProse.substr(cut.word_begin, cut.at - cut.word_begin));
    if (uncut.starts_with(typed)) {
      ++count.n_spelled;
      const std::string whole = typed + healed;
      const bool same = uncut.starts_with(whole) || whole.starts_with(uncut);
      if (!same)
        std::cerr << "broken: '" << typed << "' of '" << before.substr(before.size() - 30) << "': '"
                  << uncut << "' became '" << whole << "'\n";
      count.n_broken += !same;
    }
    const std::string rest(kProse.substr(cut.at, cut.word_end - cut.at));
    const auto completes = [&](const std::string& text) {
      return text.starts_with(rest) &&
             (text.size() == rest.size() ||
              !std::isalpha(static_cast<unsigned char>(text[rest.size()])));
    };
    count.n_right_healed += completes(healed);
    count.n_right_plain += completes(plain);
    ++count.n_cuts;
  }
  std::cerr << count.n_cuts << " cuts: word completed healed " << count.n_right_healed
            << ", not healed " << count.n_right_plain << "; greedy's own word cut "
            << count.n_spelled << " times, broken " << count.n_broken << "\n";
  return count;
}

}  // namespace

TEST_CASE("Healing keeps the word that greedy decoding would have written", "[unit]") {
  const HealingCount count = count_healing(5);
  CHECK(count.n_spelled >= 3);
  CHECK(count.n_broken == 0);
  CHECK(count.n_right_healed > count.n_right_plain);
}

TEST_CASE("Healing keeps greedy's word at every cut of the prose", "[unit][slow]") {
  const HealingCount count = count_healing(1);
  CHECK(count.n_broken == 0);
  CHECK(count.n_right_healed > count.n_right_plain);
}
