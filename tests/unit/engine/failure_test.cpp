#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

struct ThrowingListener : Collector {
  void on_chunk(const Chunk&) override { throw std::runtime_error("the client is gone"); }
};

struct ThrowingAtTheEnd : Collector {
  void on_finish(Result<CompletionResult> result) override {
    Collector::on_finish(std::move(result));
    throw 42;
  }
};

}  // namespace

TEST_CASE("A listener that throws fails its own request only", "[unit]") {
  Fixture f;
  auto thrower = std::make_shared<ThrowingListener>();
  REQUIRE(f.engine->complete(1, request("abc"), thrower).ok());
  auto other = f.start(request("abc"));
  const auto failed = thrower->wait();
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == ErrorCode::kInternal);
  CHECK(other->wait().ok());

  auto late = std::make_shared<ThrowingAtTheEnd>();
  REQUIRE(f.engine->complete(1, request("abc"), late).ok());
  CHECK(late->wait().ok());
  CHECK_FALSE(f.complete(request("abc")).branches.empty());
}

TEST_CASE("A step that fails fails its requests and nothing of it is cached", "[unit]") {
  Fixture f;
  std::atomic<int> n_failing{1};
  f.model->on_forward = [&](const model::Batch&) -> Status {
    if (n_failing-- > 0) return Error{ErrorCode::kUnavailable, "the device was lost"};
    return {};
  };
  auto listener = f.start(request("abcdef"));
  const auto failed = listener->wait();
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == ErrorCode::kUnavailable);
  CHECK(failed.error().message == "the device was lost");
  const CompletionResult again = f.complete(request("abcdef"));
  CHECK(again.timings.cached_tokens == 0);
}

TEST_CASE("A model that throws fails the step's requests", "[unit]") {
  Fixture f;
  std::atomic<bool> throws{true};
  f.model->on_forward = [&](const model::Batch&) -> Status {
    if (throws.exchange(false)) throw std::runtime_error("out of luck");
    return {};
  };
  auto listener = f.start(request("abcdef"));
  CHECK(listener->wait().error().code == ErrorCode::kInternal);
  CHECK_FALSE(f.complete(request("abcdef")).branches[0].text.empty());
}

TEST_CASE("Damaged logits do not crash the engine", "[unit]") {
  Fixture f({.logits = [](History history) {
    std::vector<float> logits(258, std::nanf(""));
    if (history.size() % 2) logits['a'] = INFINITY;
    return logits;
  }});
  auto listener = f.start(request("x", 1, 5));
  CHECK(listener->wait().ok());
}

TEST_CASE("Requests wait where the KV cache has no room beside others", "[unit]") {
  // Each needs more than half of the cache.
  Fixture f({.n_blocks = 8});
  std::vector<std::shared_ptr<Collector>> listeners;
  for (int i = 0; i < 6; ++i)
    listeners.push_back(
        f.start(request("number " + std::to_string(i) + std::string(40, 'x'), i, 30)));
  for (auto& listener : listeners) {
    const auto result = listener->wait();
    REQUIRE(result.ok());
    CHECK(result->branches[0].finish_reason != FinishReason::kContext);
  }
  CHECK(f.engine->status().kv_evictions > 0);
}

TEST_CASE("Branches that outgrow the whole KV cache end with context", "[unit]") {
  Fixture f({.context = 128, .n_blocks = 8, .logits = scripted({'a'}, 258, 1)});
  CompletionParams params = request("x", 1, 100);
  params.n = 4;
  const CompletionResult result = f.complete(params);
  int n_context = 0;
  for (const Branch& branch : result.branches) {
    n_context += branch.finish_reason == FinishReason::kContext;
    CHECK(branch.text.size() >= 16);
  }
  CHECK(n_context >= 1);
  CHECK_FALSE(f.complete(request("y", 1, 20)).branches[0].text.empty());
}

TEST_CASE("An invalid request is refused before it is queued", "[unit]") {
  Fixture f;
  CompletionParams params = request("x");
  params.n = 99;
  const auto id = f.engine->complete(1, params, std::make_shared<Collector>());
  REQUIRE_FALSE(id.ok());
  CHECK(id.error().code == ErrorCode::kInvalidArgument);
}
