#include "daemon/engine/prefill_pace.h"
#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

/// Endless text, one byte a step, with the engine held at a gate before each step.
struct GatedFixture : Fixture {
  explicit GatedFixture(EngineOptions options = {}, std::uint32_t max_rows = 24)
      : Fixture({.context = 4096,
                 .max_rows = max_rows,
                 .n_blocks = 512,
                 .logits = scripted({'a'}, 258, 1)},
                {}, false, options) {
    model->on_forward = [this](const model::Batch&) {
      gate.pass();
      return Status{};
    };
  }
  ~GatedFixture() { gate.open(); }
  Gate gate;
};

}  // namespace

TEST_CASE("A cancelled completion ends within one step and keeps its text", "[unit]") {
  GatedFixture f;
  f.gate.close();
  auto listener = f.start(request("x", 1, 4000));
  f.gate.wait_arrived(1);
  CHECK(f.engine->cancel(f.last_id));
  CHECK_FALSE(f.engine->cancel(f.last_id));
  f.gate.open();
  const auto result = listener->wait();
  REQUIRE(result.ok());
  CHECK(f.gate.n_arrived() == 1);  // the step that was running, and no other
  CHECK(result->branches[0].finish_reason == FinishReason::kCancelled);
  CHECK(result->branches[0].text == "a");
  CHECK(result->timings.late_tokens == 1);
  CHECK_FALSE(f.engine->cancel(f.last_id));
  CHECK(f.engine->status().cancelled == 1);
}

TEST_CASE("A long prefill is cancelled at a chunk's end and stays cached", "[unit]") {
  GatedFixture f({}, 16);
  f.gate.close();
  auto listener = f.start(request(std::string(2000, 'x'), 1, 10));
  f.gate.wait_arrived(1);
  f.engine->cancel(f.last_id);
  f.gate.open();
  const auto result = listener->wait();
  REQUIRE(result.ok());
  CHECK(f.gate.n_arrived() == 1);
  REQUIRE(result->branches.size() == 1);
  CHECK(result->branches[0].finish_reason == FinishReason::kCancelled);
  CHECK(result->branches[0].text.empty());
  CHECK(f.complete(request(std::string(100, 'x'), 1, 1)).timings.cached_tokens ==
        PrefillPace::kMinRows);
}

TEST_CASE("A newer request for the same document cancels the older one", "[unit]") {
  GatedFixture f;
  f.gate.close();
  CompletionParams params = request("x", 1, 3000);
  params.document = "chapter";
  auto old = f.start(params);
  f.gate.wait_arrived(1);
  params.stop.max_tokens = 3;
  auto other_client = f.start(params, 2);
  params.document = "notes";
  auto other_document = f.start(params);
  params.document = "chapter";
  auto newest = f.start(params);
  f.gate.open();
  CHECK(old->wait()->branches[0].finish_reason == FinishReason::kCancelled);
  CHECK(newest->wait()->branches[0].finish_reason == FinishReason::kLength);
  CHECK(other_client->wait()->branches[0].finish_reason == FinishReason::kLength);
  CHECK(other_document->wait()->branches[0].finish_reason == FinishReason::kLength);
}

TEST_CASE("A newer request ends the older one in the middle of its prefill", "[unit]") {
  GatedFixture f({}, 16);
  f.gate.close();
  CompletionParams params = request(std::string(2000, 'x'), 1, 10);
  params.document = "chapter";
  auto listener = std::make_shared<TimedCollector>(f.gate);
  REQUIRE(f.engine->complete(1, params, listener).ok());
  f.gate.wait_arrived(1);
  params.prefix = std::string(20, 'y');
  auto newest = f.start(params);
  f.gate.open();
  CHECK(newest->wait()->branches[0].finish_reason == FinishReason::kLength);
  REQUIRE(listener->finished());
  CHECK(listener->wait()->branches[0].finish_reason == FinishReason::kCancelled);
  CHECK(listener->n_steps == 1);  // it heard of it before the newer one's first step
}

TEST_CASE("Who is cancelled hears of it before the others' next step", "[unit]") {
  GatedFixture f;
  f.gate.close();
  auto other = f.start(request("y", 1, 50), 2);
  f.gate.wait_arrived(1);
  auto listener = std::make_shared<TimedCollector>(f.gate);
  const auto id = f.engine->complete(1, request("x", 1, 4000), listener);
  REQUIRE(id.ok());
  f.engine->cancel(*id);
  f.gate.open();
  CHECK(listener->wait()->branches[0].finish_reason == FinishReason::kCancelled);
  CHECK(listener->n_steps == 1);
  CHECK(other->wait()->branches[0].text.size() == 50);
}

TEST_CASE("A waiting request that is superseded is answered without any step", "[unit]") {
  GatedFixture f;
  f.gate.close();
  auto busy = f.start(request("x", 1, 2));
  f.gate.wait_arrived(1);
  CompletionParams params = request("y", 1, 2);
  params.document = "d";
  auto first = f.start(params);
  auto second = f.start(params);
  f.gate.open();
  const auto cancelled = first->wait();
  CHECK(cancelled->branches[0].finish_reason == FinishReason::kCancelled);
  CHECK(cancelled->timings.prefill_ms == 0);
  CHECK(second->wait()->branches[0].text.size() == 2);
  CHECK(busy->wait().ok());
}

TEST_CASE("A client that goes away cancels its own requests only", "[unit]") {
  GatedFixture f;
  f.gate.close();
  auto mine = f.start(request("x", 1, 3000), 1);
  auto mine_too = f.start(request("y", 1, 3000), 1);
  auto other = f.start(request("z", 1, 5), 2);
  f.gate.wait_arrived(1);
  f.engine->cancel_all_of(1);
  f.gate.open();
  CHECK(mine->wait()->branches[0].finish_reason == FinishReason::kCancelled);
  CHECK(mine_too->wait()->branches[0].finish_reason == FinishReason::kCancelled);
  CHECK(other->wait()->branches[0].text == "aaaaa");
}

TEST_CASE("A full queue answers busy, and cancelling makes room at once", "[unit]") {
  GatedFixture f({.max_queue = 2});
  f.gate.close();
  auto running = f.start(request("x", 1, 2));
  f.gate.wait_arrived(1);
  auto first = f.start(request("x", 1, 2));
  const RequestId first_id = f.last_id;
  auto second = f.start(request("x", 1, 2));
  auto refused = std::make_shared<Collector>();
  const auto id = f.engine->complete(1, request("x"), refused);
  REQUIRE_FALSE(id.ok());
  CHECK(id.error().code == ErrorCode::kBusy);
  CHECK(f.engine->status().queued == 2);
  CHECK(f.engine->cancel(first_id));
  auto third = f.start(request("x", 1, 2));
  f.gate.open();
  for (auto& listener : {running, first, second, third}) CHECK(listener->wait().ok());
  CHECK_FALSE(refused->finished());
}

TEST_CASE("Shutting down answers everyone and refuses newcomers", "[unit]") {
  GatedFixture f;
  f.gate.close();
  auto running = f.start(request("x", 1, 3000));
  f.gate.wait_arrived(1);
  auto waiting = f.start(request("y", 1, 3000));
  auto score = std::make_shared<ScoreCollector>();
  REQUIRE(f.engine->score(1, {"some text", 0}, score).ok());
  f.gate.open();
  f.engine->shutdown();
  CHECK(running->wait()->branches[0].finish_reason == FinishReason::kCancelled);
  CHECK(waiting->wait()->branches[0].finish_reason == FinishReason::kCancelled);
  const auto scored = score->wait();
  if (!scored.ok()) CHECK(scored.error().code == ErrorCode::kCancelled);
  const auto id = f.engine->complete(1, request("z"), std::make_shared<Collector>());
  REQUIRE_FALSE(id.ok());
  CHECK(id.error().code == ErrorCode::kUnavailable);
  f.engine->shutdown();
}

TEST_CASE("The newest request's prefill goes first, decode rows are always there", "[unit]") {
  GatedFixture f({}, 16);
  const auto start = [&](CompletionParams params) {
    auto listener = std::make_shared<TimedCollector>(f.gate);
    const auto id = f.engine->complete(1, std::move(params), listener);
    REQUIRE(id.ok());
    return listener;
  };
  f.gate.close();
  auto decoding = start(request("x", 1, 12));
  f.gate.wait_arrived(1);
  auto older = start(request(std::string(300, 'o'), 1, 1));
  auto newer = start(request(std::string(60, 'n'), 1, 1));
  f.gate.open();
  CHECK(newer->wait().ok());
  CHECK(decoding->wait().ok());
  CHECK(older->wait().ok());
  CHECK(newer->n_steps == 1 + 5);  // 60 tokens: 8, then chunks of 15 beside the decode row
  CHECK(decoding->n_steps == 12);  // one token in every step
  CHECK(older->n_steps > 12);
}
