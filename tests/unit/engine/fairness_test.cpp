// Who gets the engine when more is asked of it than it can do at once.
#include <algorithm>

#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

/// Requests in the order in which they end.
class Order {
 public:
  std::shared_ptr<Collector> listener(std::string name) {
    struct Named : Collector {
      void on_finish(Result<CompletionResult> result) override {
        {
          std::lock_guard lock(order->mutex_);
          order->names_.push_back(name);
        }
        Collector::on_finish(std::move(result));
      }
      Order* order = nullptr;
      std::string name;
    };
    auto named = std::make_shared<Named>();
    named->order = this;
    named->name = std::move(name);
    return named;
  }
  std::vector<std::string> names() {
    std::lock_guard lock(mutex_);
    return names_;
  }
  std::size_t place(const std::string& name) {
    const auto all = names();
    return static_cast<std::size_t>(std::find(all.begin(), all.end(), name) - all.begin());
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> names_;
};

/// An engine that runs one branch at a time, or as many as said, held at a gate.
struct Crowded : Fixture {
  explicit Crowded(std::uint32_t max_sequences = 1, EngineOptions options = {})
      : Fixture({.context = 4096,
                 .max_sequences = max_sequences,
                 .n_blocks = 600,
                 .logits = scripted({'a'}, 258, 1)},
                {}, false, options) {
    model->on_forward = [this](const model::Batch&) {
      gate.pass();
      return Status{};
    };
    gate.close();
    busy = start(request("x", 1, 1), 99);
    gate.wait_arrived(1);
  }
  ~Crowded() { gate.open(); }

  std::shared_ptr<Collector> ask(ClientId client, const std::string& name,
                                 std::uint32_t max_tokens = 2, const std::string& document = {}) {
    CompletionParams params = request("x", 1, max_tokens);
    params.document = document;
    auto listener = order.listener(name);
    REQUIRE(engine->complete(client, params, listener).ok());
    return listener;
  }

  Gate gate;
  Order order;
  std::shared_ptr<Collector> busy;
};

}  // namespace

TEST_CASE("The newest request goes first", "[unit]") {
  Crowded f;
  std::vector<std::shared_ptr<Collector>> all;
  for (const std::string name : {"a", "b", "c"}) all.push_back(f.ask(all.size(), name));
  f.gate.open();
  for (auto& listener : all) CHECK(listener->wait().ok());
  CHECK(f.order.names() == std::vector<std::string>{"c", "b", "a"});
}

TEST_CASE("Whoever has waited long goes before the newer ones", "[unit]") {
  Crowded f(1, {.patience = std::chrono::milliseconds(0)});
  std::vector<std::shared_ptr<Collector>> all;
  for (const std::string name : {"a", "b", "c"}) all.push_back(f.ask(all.size(), name));
  f.gate.open();
  for (auto& listener : all) CHECK(listener->wait().ok());
  CHECK(f.order.names() == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("A writer who types on keeps the turn that the superseded request had", "[unit]") {
  Crowded f(1, {.patience = std::chrono::milliseconds(0)});
  auto first = f.ask(1, "first key", 2, "d");
  auto other = f.ask(2, "other");
  auto second = f.ask(1, "second key", 2, "d");
  auto third = f.ask(1, "third key", 2, "d");
  f.gate.open();
  for (auto& listener : {first, second}) {
    CHECK(listener->wait()->branches[0].finish_reason == FinishReason::kCancelled);
  }
  for (auto& listener : {third, other}) CHECK(listener->wait().ok());
  CHECK(f.order.place("third key") < f.order.place("other"));
}

TEST_CASE("A turn that was had is not inherited", "[unit]") {
  Crowded f(2, {.patience = std::chrono::milliseconds(0)});
  auto shown = f.ask(1, "shown", 3000, "d");
  f.gate.open();
  while (shown->chunks().empty()) std::this_thread::yield();
  f.gate.close();
  f.gate.wait_arrived(f.gate.n_arrived() + 1);
  auto blocker = f.ask(3, "blocker", 2);
  auto other = f.ask(2, "other", 2);
  auto next = f.ask(1, "next", 2, "d");
  f.gate.open();
  for (auto& listener : {blocker, other, next}) CHECK(listener->wait().ok());
  CHECK(f.order.place("next") > f.order.place("blocker"));
}

TEST_CASE("A client that floods the engine leaves room for others", "[unit]") {
  Crowded f(8);
  std::vector<std::shared_ptr<Collector>> flood;
  for (int i = 0; i < 12; ++i) flood.push_back(f.ask(1, "flood", 2000));
  f.gate.open();
  CHECK(f.busy->wait().ok());
  while (flood.back()->chunks().empty()) std::this_thread::yield();
  // Half of the sequences are taken; a newcomer runs beside them, and so does the next.
  for (int i = 0; i < 6; ++i) {
    auto newcomer = f.ask(static_cast<ClientId>(10 + i), "newcomer " + std::to_string(i), 3);
    CHECK(newcomer->wait()->branches[0].text.size() == 3);
    CHECK(f.order.place("newcomer " + std::to_string(i)) <= static_cast<std::size_t>(i));
  }
  f.engine->cancel_all_of(1);
  for (auto& listener : flood) CHECK(listener->wait().ok());
}

TEST_CASE("A client has its own part of the queue", "[unit]") {
  Crowded f(1, {.max_queue = 100, .max_queue_per_client = 3});
  std::vector<std::shared_ptr<Collector>> accepted;
  for (int i = 0; i < 3; ++i) accepted.push_back(f.ask(1, "mine"));
  const auto refused = f.engine->complete(1, request("x"), std::make_shared<Collector>());
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kBusy);
  accepted.push_back(f.ask(2, "another's"));
  f.gate.open();
  for (auto& listener : accepted) CHECK(listener->wait().ok());
}
