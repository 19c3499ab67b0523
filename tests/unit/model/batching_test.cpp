// A row's logits are the same bits on the device whatever else is in the batch, and however the
// text before it was cut into steps. The engine's promise of the same text for the same seed
// rests on this.
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "daemon/model/model.h"
#include "kernels/vulkan/vulkan_backend.h"
#include "tests/unit/model/plain_model.h"

using namespace understory;
using kernels::KernelFamily;
using model::BatchRow;
using model::Model;
using Tokens = std::vector<std::uint32_t>;
using Bits = std::vector<std::uint32_t>;

namespace {

constexpr std::uint32_t kChunk = 64;
constexpr std::uint32_t kSequences = 5;

std::unique_ptr<Model> load(const gguf::File& file, KernelFamily family) {
  kernels::VulkanOptions options;
  options.family = family;
  if (const char* device = std::getenv("UNDERSTORY_TEST_DEVICE")) options.device = device;
  auto backend = kernels::open_vulkan_backend(options);
  if (!backend.ok()) FAIL("no Vulkan backend: " << backend.error().message);
  auto loaded = Model::load(file, *std::move(backend),
                            {.context = 128, .max_sequences = kSequences + 1, .max_rows = 80});
  if (!loaded.ok()) FAIL(loaded.error().message);
  return *std::move(loaded);
}

Tokens some_tokens(std::size_t n, std::uint32_t vocab_size, std::uint32_t salt) {
  Tokens tokens(n);
  for (std::size_t i = 0; i < n; ++i)
    tokens[i] = static_cast<std::uint32_t>((i * i * 31 + i * 7 + salt * 1013 + 5) % vocab_size);
  return tokens;
}

/// Texts in the cache, each in blocks of its own, and steps over them.
class Texts {
 public:
  Texts(Model& model, std::vector<Tokens> texts) : model_(model), texts_(std::move(texts)) {
    for (std::uint32_t i = 0; i < texts_.size(); ++i) {
      blocks_.emplace_back();
      // Dealt out from both ends: block numbers must not matter either.
      for (std::uint32_t b = 0; b < 6; ++b) {
        const std::uint32_t n = i * 6 + b;
        blocks_.back().push_back(b % 2 ? n : model.n_cache_blocks() - 1 - n);
      }
    }
  }

  /// Adds the next n rows of a text to the step.
  Texts& add(std::uint32_t text, std::uint32_t n) {
    if (done_.empty()) done_.resize(texts_.size());
    for (std::uint32_t i = 0; i < n; ++i) {
      const std::uint32_t at = done_[text]++;
      rows_.push_back({texts_[text][at], at, text, i + 1 == n});
      if (i + 1 == n) text_of_result_.push_back(text);
    }
    return *this;
  }

  /// Runs the step; returns the bits of the logits after the last row of `text`.
  Bits run(std::uint32_t text) {
    const std::vector<std::span<const std::uint32_t>> tables(blocks_.begin(), blocks_.end());
    const Status ran = model_.forward({rows_, tables});
    if (!ran.ok()) FAIL(ran.error().message);
    std::vector<float> logits(model_.info().vocab_size);
    const auto result = std::find(text_of_result_.begin(), text_of_result_.end(), text);
    if (result == text_of_result_.end()) FAIL("no row of this text");
    model_.logits(static_cast<std::uint32_t>(result - text_of_result_.begin()), logits);
    rows_.clear();
    text_of_result_.clear();
    Bits bits;
    for (const float logit : logits) bits.push_back(std::bit_cast<std::uint32_t>(logit));
    return bits;
  }

 private:
  Model& model_;
  std::vector<Tokens> texts_;
  std::vector<std::vector<std::uint32_t>> blocks_;
  std::vector<std::uint32_t> done_;
  std::vector<BatchRow> rows_;
  std::vector<std::uint32_t> text_of_result_;
};

void expect_one_result(Model& model) {
  std::vector<Tokens> texts;
  for (std::uint32_t i = 0; i < kSequences; ++i)
    texts.push_back(some_tokens(kChunk + 8, model.info().vocab_size, i));

  // The text before the last row in one chunk, then that row alone.
  Texts chunk(model, texts);
  chunk.add(0, kChunk - 1).run(0);
  const Bits expected = chunk.add(0, 1).run(0);

  SECTION("as the last row of a chunk") {
    CHECK(Texts(model, texts).add(0, kChunk).run(0) == expected);
  }
  SECTION("token by token") {
    Texts typed(model, texts);
    Bits last;
    for (std::uint32_t i = 0; i < kChunk; ++i) last = typed.add(0, 1).run(0);
    CHECK(last == expected);
  }
  SECTION("in odd chunks beside others") {
    Texts odd(model, texts);
    std::uint32_t left = kChunk;
    Bits last;
    for (const std::uint32_t n : {7u, 3u, 16u, 9u, 2u, 13u, 5u, 8u, 1u}) {
      last = odd.add(1, n % 3 + 1).add(0, n).add(2, 2).run(0);
      left -= n;
    }
    REQUIRE(left == 0);
    CHECK(last == expected);
  }
  SECTION("decoded in a batch of five") {
    Texts five(model, texts);
    five.add(0, kChunk - 1).run(0);
    for (std::uint32_t i = 1; i < kSequences; ++i) five.add(i, i * 11).run(i);
    for (std::uint32_t i = 4; i < 5; --i) five.add(i, 1);
    CHECK(five.run(0) == expected);
  }
}

}  // namespace

TEST_CASE("Logits of the bundled model are the same bits in every batch", "[unit][gpu]") {
  const KernelFamily family = GENERATE(KernelFamily::kLanes, KernelFamily::kSubgroup);
  const auto file = gguf::File::open(MODELS_DIR "/understory-3m.gguf");
  REQUIRE(file.ok());
  expect_one_result(*load(*file, family));
}

TEST_CASE("Logits of a tiny model of each architecture are the same bits in every batch",
          "[unit][gpu]") {
  const KernelFamily family = GENERATE(KernelFamily::kLanes, KernelFamily::kSubgroup);
  const std::string architecture = GENERATE("llama", "gemma3");
  test::PlainShape shape;
  shape.architecture = architecture;
  shape.context = 128;
  shape.dim = 35;
  shape.head_dim = 24;
  shape.rope_dim = 24;
  shape.ffn_dim = 51;
  shape.biases = architecture == "llama";
  shape.sliding_window = architecture == "gemma3" ? 6 : 0;
  shape.sliding_period = 2;
  const auto bytes = test::PlainModel(shape, 11).writer().finish();
  const auto file = gguf::File::parse(bytes);
  REQUIRE(file.ok());
  expect_one_result(*load(*file, family));
}
