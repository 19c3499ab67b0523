// The bundled model on the real device: the same request gives the same text whether its prefix
// was cached or not and whatever else runs, to the last digit of its log-probabilities.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>

#include "daemon/engine/random.h"
#include "kernels/vulkan/vulkan_backend.h"
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
    "voice that she could answer, so she put the kettle on and stood at the window.";

struct OnDevice {
  explicit OnDevice(kernels::KernelFamily family) {
    auto file = gguf::File::open(MODELS_DIR "/understory-3m.gguf");
    REQUIRE(file.ok());
    tokenizer = tokenizer::Tokenizer::from_gguf(file->metadata()).value_or_throw();
    kernels::VulkanOptions options;
    options.family = family;
    if (const char* device = std::getenv("UNDERSTORY_TEST_DEVICE")) options.device = device;
    auto backend = kernels::open_vulkan_backend(options);
    if (!backend.ok()) FAIL("no Vulkan backend: " << backend.error().message);
    // Small, so that cached text is evicted while the load runs.
    auto loaded = model::Model::load(*file, *std::move(backend), {.context = 256});
    if (!loaded.ok()) FAIL(loaded.error().message);
    engine = std::make_unique<Engine>(*std::move(loaded), tokenizer);
  }

  CompletionResult complete(CompletionParams params) {
    auto listener = std::make_shared<Collector>();
    const auto id = engine->complete(1, std::move(params), listener);
    REQUIRE(id.ok());
    auto result = listener->wait();
    REQUIRE(result.ok());
    return *result;
  }

  std::shared_ptr<const tokenizer::Tokenizer> tokenizer;
  std::unique_ptr<Engine> engine;
};

CompletionParams probe(std::uint64_t i) {
  CompletionParams params;
  params.prefix = kProse.substr(0, 60 + i * 83 % (kProse.size() - 60));
  params.n = 1 + i % 3;
  params.sampler.temperature = i % 4 == 0 ? 0 : 1;
  params.sampler.seed = i + 1;
  params.stop.max_tokens = 8 + i % 5;
  return params;
}

/// Everything that a client sees of the branches.
std::string transcript(const CompletionResult& result) {
  std::ostringstream out;
  out << std::hexfloat;
  for (const Branch& branch : result.branches) {
    out << branch.seed << " " << to_string(branch.finish_reason) << " " << branch.text << "\n";
    for (const TokenResult& token : branch.tokens) out << token.id << " " << token.logprob << "\n";
  }
  return out.str();
}

/// Clients that type, supersede, cancel and go away until they are told to stop.
class Load {
 public:
  explicit Load(Engine& engine) : engine_(engine) {
    for (ClientId client = 10; client < 14; ++client)
      threads_.emplace_back([this, client] { run(client); });
  }
  ~Load() {
    stop_ = true;
    for (auto& thread : threads_) thread.join();
  }
  std::uint64_t n_requests() const { return n_requests_; }

 private:
  void run(ClientId client) {
    std::shared_ptr<Collector> last;
    for (std::uint64_t i = 0; !stop_; ++i) {
      const std::uint64_t dice = random_bits(client, i);
      CompletionParams params = probe(dice % 40);
      params.sampler.seed = dice;
      params.n = 1 + dice / 64 % 4;
      if (dice % 5 == 0) params.prefix = kProse.substr(dice % 100);
      if (dice % 3) params.document = "d";
      last = std::make_shared<Collector>();
      const auto id = engine_.complete(client, std::move(params), last);
      ++n_requests_;
      if (!id.ok()) continue;
      if (dice % 4 == 0) engine_.cancel(*id);
      if (dice % 16 == 1) engine_.cancel_all_of(client);
      if (dice % 4 == 2) last->wait().ok();
      if (dice % 4 == 3) std::this_thread::yield();
    }
  }

  Engine& engine_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> n_requests_{0};
  std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("On the device the same request gives the same bits cold, warm and under load",
          "[unit][gpu]") {
  const auto family = GENERATE(kernels::KernelFamily::kLanes, kernels::KernelFamily::kSubgroup);
  constexpr std::uint64_t kProbes = 6;
  std::vector<std::string> expected;
  {
    OnDevice cold(family);
    // In this order no probe finds more than a few words of itself in the cache.
    for (std::uint64_t i = kProbes; i-- > 0;)
      expected.push_back(transcript(cold.complete(probe(i))));
    for (std::uint64_t i = 0; i < kProbes; ++i) {
      const CompletionResult again = cold.complete(probe(i));
      CHECK(again.timings.cached_tokens + 1 >= again.timings.prompt_tokens);
      CHECK(transcript(again) == expected[kProbes - 1 - i]);
    }
  }
  OnDevice busy(family);
  const Load load(*busy.engine);
  for (std::uint64_t i = 0; i < kProbes; ++i)
    CHECK(transcript(busy.complete(probe(i))) == expected[kProbes - 1 - i]);
  CHECK(load.n_requests() > kProbes);
  CHECK(busy.engine->status().cancelled > 0);
}
