// Whole models on the Vulkan device, with both kernel families, beside the scalar reference.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>

#include "daemon/model/model.h"
#include "daemon/tokenizer/tokenizer.h"
#include "kernels/vulkan/vulkan_backend.h"
#include "tests/support/reference_backend.h"
#include "tests/unit/model/plain_model.h"

using namespace understory;
using kernels::KernelFamily;
using model::BatchRow;
using model::Model;
using test::PlainModel;
using test::PlainShape;

namespace {

// f32 sums in another order, and keys and values that round to the other side in f16.
constexpr float kTolerance = 0.01f;

std::shared_ptr<kernels::Backend> open_device(KernelFamily family) {
  kernels::VulkanOptions options;
  options.family = family;
  if (const char* device = std::getenv("UNDERSTORY_TEST_DEVICE")) options.device = device;
  auto backend = kernels::open_vulkan_backend(options);
  if (!backend.ok()) FAIL("no Vulkan backend: " << backend.error().message);
  return *std::move(backend);
}

std::unique_ptr<Model> load(const gguf::File& file, std::shared_ptr<kernels::Backend> backend) {
  auto loaded = Model::load(file, std::move(backend), {.max_sequences = 4, .max_rows = 24});
  INFO((loaded.ok() ? "" : loaded.error().message));
  REQUIRE(loaded.ok());
  return *std::move(loaded);
}

void run(Model& model, const std::vector<BatchRow>& rows) {
  const std::vector<std::uint32_t> first{2, 0, 5}, second{4, 1};
  const std::vector<std::span<const std::uint32_t>> tables{first, second};
  const Status status = model.forward({rows, tables});
  INFO((status.ok() ? "" : status.error().message));
  REQUIRE(status.ok());
}

std::vector<std::vector<float>> read(Model& model, std::uint32_t n) {
  std::vector<std::vector<float>> out(n, std::vector<float>(model.info().vocab_size));
  for (std::uint32_t i = 0; i < n; ++i) model.logits(i, out[i]);
  return out;
}

/// Two prompts at once, a prefill that nobody reads, then a decode step of both.
std::vector<std::vector<float>> run_story(Model& model, const std::vector<std::uint32_t>& tokens) {
  std::vector<BatchRow> prompt;
  for (std::uint32_t p = 0; p < 14; ++p) prompt.push_back({tokens[p], p, 0, p % 5 == 3});
  for (std::uint32_t p = 0; p < 7; ++p) prompt.push_back({tokens[20 + p], p, 1, false});
  run(model, prompt);
  auto out = read(model, 3);
  std::vector<BatchRow> more;
  for (std::uint32_t p = 14; p < 34; ++p) more.push_back({tokens[p], p, 0, false});
  run(model, more);
  run(model, {{tokens[34], 34, 0, true}, {tokens[27], 7, 1, true}});
  for (auto& logits : read(model, 2)) out.push_back(std::move(logits));
  return out;
}

void check_equal(const std::vector<std::vector<float>>& expected,
                 const std::vector<std::vector<float>>& got) {
  REQUIRE(expected.size() == got.size());
  float largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (std::size_t j = 0; j < expected[i].size(); ++j) {
      const float difference = std::abs(expected[i][j] - got[i][j]);
      if (!(difference <= largest)) largest = difference;  // NaN counts
    }
  }
  CHECK(largest < kTolerance);
}

/// Shapes that kernels like less than round ones.
PlainShape shape_of(const std::string& architecture) {
  PlainShape shape;
  shape.architecture = architecture;
  shape.dim = 35;
  shape.head_dim = 24;
  shape.rope_dim = architecture == "llama" ? 6 : 24;
  shape.ffn_dim = 51;
  shape.biases = shape.freq_factors = architecture == "llama";
  shape.sliding_window = architecture == "gemma3" ? 6 : 0;
  shape.sliding_period = 2;
  return shape;
}

}  // namespace

TEST_CASE("A tiny model of each architecture gives the reference's logits on the device",
          "[unit][gpu]") {
  const KernelFamily family = GENERATE(KernelFamily::kLanes, KernelFamily::kSubgroup);
  const std::string architecture = GENERATE("llama", "gemma3");
  const PlainModel plain(shape_of(architecture), 11);
  const auto bytes = plain.writer().finish();
  const auto file = gguf::File::parse(bytes);
  REQUIRE(file.ok());
  std::vector<std::uint32_t> tokens(40);
  for (std::uint32_t i = 0; i < tokens.size(); ++i) tokens[i] = (i * i * 31 + 5) % 61;

  const auto expected = run_story(*load(*file, test::make_reference_backend()), tokens);
  const auto model = load(*file, open_device(family));
  check_equal(expected, run_story(*model, tokens));
  check_equal(expected, run_story(*model, tokens));  // its programs replayed
}

TEST_CASE("The bundled model gives the reference's logits on the device", "[unit][gpu]") {
  const KernelFamily family = GENERATE(KernelFamily::kLanes, KernelFamily::kSubgroup);
  const auto file = gguf::File::open(MODELS_DIR "/understory-3m.gguf");
  REQUIRE(file.ok());
  const auto tokenizer = tokenizer::Tokenizer::from_gguf(file->metadata());
  REQUIRE(tokenizer.ok());
  const auto tokens = (*tokenizer)
                          ->encode(
                              "She opened the door and looked out into the garden, where the old "
                              "man was sitting under "
                              "the tree, and for a moment neither of them said anything. Then he "
                              "stood up and laughed.");
  REQUIRE(tokens.size() >= 35);
  const auto expected = run_story(*load(*file, test::make_reference_backend()), tokens);
  const auto model = load(*file, open_device(family));
  check_equal(expected, run_story(*model, tokens));
}

TEST_CASE("Loading and dropping a model leaves nothing on the device", "[unit][gpu]") {
  const auto bytes = PlainModel(shape_of("llama"), 12).writer().finish();
  const auto file = gguf::File::parse(bytes);
  REQUIRE(file.ok());
  const auto backend = open_device(KernelFamily::kAutomatic);
  const std::size_t before = backend->allocated_bytes();
  auto model = load(*file, backend);
  run(*model, {{1, 0, 0, true}});
  CHECK(backend->allocated_bytes() > before);
  model.reset();
  CHECK(backend->allocated_bytes() == before);
}
