// Token healing on the bundled model: what the writer sees where the text ends inside a word.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "daemon/engine/healing.h"
#include "tests/unit/engine/bundled_model.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

std::string prose() {
  std::ifstream file(FIXTURES_DIR "/prose.txt");
  std::ostringstream text;
  text << file.rdbuf();
  REQUIRE(text.str().size() > 1000);
  return text.str();
}

CompletionParams greedy_word(std::string_view prefix, bool healing) {
  CompletionParams params = greedy(prefix, 12, healing);
  params.stop.until = StopUnit::kWord;
  return params;
}

/// Ends of words of the text that a space and a letter follow, some way into it.
std::vector<std::size_t> word_ends(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t at = text.find(' ', 200); at != text.npos; at = text.find(' ', at + 1))
    if (at + 1 < text.size() && std::isalpha(static_cast<unsigned char>(text[at + 1])))
      ends.push_back(at);
  return ends;
}

/// A greedy word and the text before it: a space, letters, and perhaps a mark that closes it.
struct GreedyWord {
  std::string before;
  std::string word;
};

/// What greedy decoding writes after each n-th word of the prose, some words of it each time.
std::vector<GreedyWord> greedy_words(Bundled& bundled, std::size_t every_nth,
                                     std::size_t n_words_each) {
  const std::string text = prose();
  const auto ends = word_ends(text);
  std::vector<GreedyWord> words;
  for (std::size_t i = 0; i < ends.size(); i += every_nth) {
    std::string before = text.substr(0, ends[i]);
    before.erase(0, before.size() > 400 ? before.find(' ', before.size() - 400) + 1 : 0);
    for (std::size_t n = 0; n < n_words_each; ++n) {
      const std::string word = bundled.complete(greedy_word(before, false)).branches[0].text;
      if (word.size() > 2 && word[0] == ' ' && word[1] != ' ') words.push_back({before, word});
      before += word;
      if (word.empty()) break;
    }
  }
  return words;
}

struct Kept {
  int n_cuts = 0;
  int n_inside = 0;  // of the cuts, those after a letter and not after the space
  std::vector<std::string> broken;
  std::vector<std::string> costly;  // decoded more tokens to heal than were taken back
};

/// Cuts each word after its space and at every place inside its letters. Kept where the healed
/// greedy suggestion is, byte for byte, what greedy decoding of the uncut text wrote there.
Kept count_kept(Bundled& bundled, const std::vector<GreedyWord>& words, std::size_t max_cuts) {
  Kept kept;
  const Healing healing(*bundled.tokenizer);
  for (const auto& [before, word] : words) {
    for (std::size_t at = 1; at < word.size(); ++at) {
      if (at > 1 && !std::isalpha(static_cast<unsigned char>(word[at]))) break;
      if (kept.n_cuts >= static_cast<int>(max_cuts)) return kept;
      const std::string typed = word.substr(0, at);
      const CompletionResult result = bundled.complete(greedy_word(before + typed, true));
      const std::string& text = result.branches[0].text;
      const auto tokens = bundled.tokenizer->encode(before + typed);
      if (result.timings.healed_tokens > tokens.size() - healing.cut(tokens).n_kept)
        kept.costly.push_back("'" + word + "' cut after '" + typed + "'");
      ++kept.n_cuts;
      kept.n_inside += at > 1;
      if (typed + text != word)
        kept.broken.push_back("'" + word + "' cut after '" + typed + "' became '" + typed + text +
                              "' after '" + before.substr(before.size() - 40) + "'");
    }
  }
  return kept;
}

}  // namespace

TEST_CASE("A cut in a word that greedy decoding writes gives that word again", "[unit]") {
  Bundled bundled = load_bundled();
  const Kept kept = count_kept(bundled, greedy_words(bundled, 40, 1), 60);
  CHECK(kept.n_inside >= 30);
  CHECK(kept.broken == std::vector<std::string>{});
  CHECK(kept.costly == std::vector<std::string>{});
}

TEST_CASE("Greedy's words survive 500 cuts", "[unit][slow]") {
  Bundled bundled = load_bundled();
  const Kept kept = count_kept(bundled, greedy_words(bundled, 4, 2), 750);
  CHECK(kept.n_inside >= 500);
  CHECK(kept.broken == std::vector<std::string>{});
  CHECK(kept.costly == std::vector<std::string>{});
}
