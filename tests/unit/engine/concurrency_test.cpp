#include <map>
#include <thread>

#include "daemon/engine/random.h"
#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

CompletionParams some_request(std::uint64_t i) {
  CompletionParams params =
      request("text " + std::to_string(i % 5) + std::string(i * 13 % 60, 'x'), i % 7, 1 + i % 20);
  params.n = 1 + i % 3;
  params.healing = i % 2;
  return params;
}

}  // namespace

TEST_CASE("The same request gives the same text whatever else runs", "[unit]") {
  std::map<std::uint64_t, std::vector<std::string>> alone;
  for (std::uint64_t i = 0; i < 35; ++i) {
    Fixture f;
    alone[i] = texts(f.complete(some_request(i)));
  }
  Fixture f({.n_blocks = 64}, {}, false, {.max_queue = 1000, .max_queue_per_client = 1000});
  std::vector<std::shared_ptr<Collector>> listeners;
  for (std::uint64_t i = 0; i < 200; ++i) listeners.push_back(f.start(some_request(i % 35)));
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto result = listeners[i]->wait();
    REQUIRE(result.ok());
    REQUIRE(texts(*result) == alone[i % 35]);
  }
  CHECK(f.engine->status().kv_evictions > 0);
}

TEST_CASE("One client's cancellations do not disturb another's stream", "[unit]") {
  CompletionParams mine = request("the quiet reader", 5, 200);
  mine.n = 2;
  std::vector<std::string> alone;
  {
    Fixture f({.n_blocks = 96});
    alone = texts(f.complete(mine));
  }
  Fixture f({.n_blocks = 96});
  std::atomic<bool> stop{false};
  std::thread noisy([&] {
    for (std::uint64_t i = 0; !stop; ++i) {
      const std::uint64_t dice = random_bits(3, i);
      CompletionParams params = some_request(dice);
      // Often beginning like the other's text, whose blocks are then shared and let go of.
      if (dice % 2) params.prefix = mine.prefix + params.prefix;
      params.document = dice % 3 ? "d" : "";
      auto listener = std::make_shared<Collector>();
      const auto id = f.engine->complete(2, params, listener);
      if (dice % 5 == 0) f.engine->cancel_all_of(2);
      if (id.ok() && dice % 5 > 2) f.engine->cancel(*id);
      if (id.ok() && dice % 4 == 0) listener->wait().ok();
    }
  });
  for (int round = 0; round < 20; ++round) {
    const auto listener = f.start(mine);
    const auto result = listener->wait();
    CHECK((result.ok() && texts(*result) == alone));
    for (std::uint32_t i = 0; i < mine.n; ++i) CHECK(listener->text(i) == alone[i]);
  }
  stop = true;
  noisy.join();
  CHECK(f.engine->status().cancelled > 0);
}

TEST_CASE("Many threads that submit, cancel and go away all get their answers", "[unit]") {
  Fixture f({.n_blocks = 96}, {}, false, {.max_queue = 16});
  constexpr int kThreads = 8;
  std::atomic<int> n_answered{0}, n_busy{0}, n_wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::vector<std::shared_ptr<Collector>> pending;
      for (std::uint64_t i = 0; i < 80; ++i) {
        const std::uint64_t dice = random_bits(t, i);
        CompletionParams params = some_request(dice >> 32);
        if (dice % 2) params.document = "d";
        auto listener = std::make_shared<Collector>();
        const auto id = f.engine->complete(t, params, listener);
        if (!id.ok()) {
          n_wrong += id.error().code != ErrorCode::kBusy;
          ++n_busy;
          continue;
        }
        pending.push_back(listener);
        if (dice % 5 == 0) f.engine->cancel(*id);
        if (dice % 31 == 0) f.engine->cancel_all_of(t);
        if (dice % 7 == 0) f.engine->status();
        if (dice % 3 == 0) {
          n_wrong += !pending.back()->wait().ok();
          ++n_answered;
          pending.pop_back();
        }
      }
      for (auto& listener : pending) {
        n_wrong += !listener->wait().ok();
        ++n_answered;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(n_wrong == 0);
  CHECK(n_answered + n_busy == kThreads * 80);
  const EngineStatus status = f.engine->status();
  CHECK(status.active == 0);
  CHECK(status.queued == 0);
  CHECK(status.kv_blocks_used == status.kv_blocks_cached);
  CHECK(status.completed + status.cancelled == static_cast<std::uint64_t>(n_answered));
}

TEST_CASE("A listener may use the engine from its own call", "[unit]") {
  struct Canceller : Collector {
    Engine* engine = nullptr;
    void on_chunk(const Chunk& chunk) override {
      Collector::on_chunk(chunk);
      engine->cancel_all_of(9);
      engine->status();
    }
  };
  Fixture f({.context = 4096, .n_blocks = 300, .logits = scripted({'a'}, 258, 1)});
  auto listener = std::make_shared<Canceller>();
  listener->engine = f.engine.get();
  REQUIRE(f.engine->complete(9, request("x", 1, 4000), listener).ok());
  const auto result = listener->wait();
  REQUIRE(result.ok());
  CHECK(result->branches[0].finish_reason == FinishReason::kCancelled);
  CHECK(result->branches[0].text == "a");
}
