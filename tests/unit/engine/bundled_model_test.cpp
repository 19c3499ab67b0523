#include "tests/unit/engine/bundled_model.h"

#include <algorithm>

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

}  // namespace

TEST_CASE("The bundled model's text is the same cold, warm, alone and beside others", "[unit]") {
  Bundled cold = load_bundled();
  CompletionParams params = greedy(kProse, 12, true);
  params.sampler = {};
  params.sampler.seed = 7;
  params.n = 2;
  const auto expected = texts(cold.complete(params));
  CHECK_FALSE(expected[0].empty());
  CHECK(expected[0] != expected[1]);
  CHECK(texts(cold.complete(params)) == expected);

  Bundled busy = load_bundled();
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
  Bundled bundled = load_bundled();
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
