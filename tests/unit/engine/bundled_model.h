// The engine on the bundled model's real weights and vocabulary, on the scalar reference.
#pragma once

#include <memory>
#include <string_view>

#include "daemon/gguf/gguf.h"
#include "tests/support/reference_backend.h"
#include "tests/unit/engine/engine_fixture.h"

namespace understory::engine::testing {

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

inline Bundled load_bundled() {
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

inline CompletionParams greedy(std::string_view prefix, std::uint32_t max_tokens, bool healing) {
  CompletionParams params;
  params.prefix = prefix;
  params.sampler.temperature = 0;
  params.stop.max_tokens = max_tokens;
  params.healing = healing;
  return params;
}

}  // namespace understory::engine::testing
