// An engine on the fakes, with short names for what tests do.
#pragma once

#include <catch2/catch.hpp>
#include <memory>

#include "daemon/engine/engine.h"
#include "tests/unit/engine/fake_model.h"
#include "tests/unit/engine/fake_tokenizer.h"
#include "tests/unit/engine/listeners.h"

namespace understory::engine::testing {

struct Fixture {
  explicit Fixture(FakeModelOptions model_options = {}, std::vector<std::string> pieces = {},
                   bool adds_bos = false, EngineOptions options = {})
      : tokenizer(std::make_shared<FakeTokenizer>(std::move(pieces), adds_bos)) {
    model_options.vocab_size = tokenizer->vocab_size();
    model = std::make_shared<FakeModel>(std::move(model_options));
    // A test's hooks are set before the first request, which the queue's lock publishes.
    engine = std::make_unique<Engine>(model, tokenizer, options);
  }
  ~Fixture() {
    engine.reset();
    CHECK(model->violations() == std::vector<std::string>{});
  }

  std::shared_ptr<Collector> start(CompletionParams params, ClientId client = 1) {
    auto listener = std::make_shared<Collector>();
    const auto id = engine->complete(client, std::move(params), listener);
    REQUIRE(id.ok());
    last_id = *id;
    return listener;
  }

  CompletionResult complete(CompletionParams params) {
    auto listener = start(std::move(params));
    auto result = listener->wait();
    REQUIRE(result.ok());
    for (std::uint32_t i = 0; i < result->branches.size(); ++i) {
      std::string joined;
      for (const auto& token : result->branches[i].tokens) joined += token.text;
      CHECK(joined == result->branches[i].text);
      CHECK(listener->text(i) == result->branches[i].text);
    }
    return *result;
  }

  std::shared_ptr<FakeTokenizer> tokenizer;
  std::shared_ptr<FakeModel> model;
  std::unique_ptr<Engine> engine;
  RequestId last_id = 0;
};

/// A request that is cancelled during its n_steps-th step (1 is the first). The model's on_forward
/// passes the gate, which is open before and after.
inline std::shared_ptr<Collector> cancel_at_step(Fixture& f, Gate& gate, CompletionParams params,
                                                 std::uint64_t n_steps) {
  const std::uint64_t before = gate.n_arrived();
  gate.close();
  auto listener = f.start(std::move(params));
  for (std::uint64_t i = 1; i < n_steps; ++i) {
    gate.wait_arrived(before + i);
    gate.step();
  }
  gate.wait_arrived(before + n_steps);
  f.engine->cancel(f.last_id);
  gate.open();
  return listener;
}

inline CompletionParams request(std::string prefix, std::uint64_t seed = 1,
                                std::uint32_t max_tokens = 12) {
  CompletionParams params;
  params.prefix = std::move(prefix);
  params.sampler.seed = seed;
  params.sampler.min_p = 0;
  params.stop.max_tokens = max_tokens;
  params.healing = false;
  params.suppress = false;
  return params;
}

inline std::vector<std::string> texts(const CompletionResult& result) {
  std::vector<std::string> all;
  for (const Branch& branch : result.branches) all.push_back(branch.text);
  return all;
}

/// Bytes as tokens of the fake tokenizer.
inline std::vector<std::uint32_t> bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()),
          reinterpret_cast<const unsigned char*>(text.data()) + text.size()};
}

}  // namespace understory::engine::testing
