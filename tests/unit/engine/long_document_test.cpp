// Typing at the end of a document of 200,000 words, with the bundled model's tokenizer: what each
// key makes the engine compute anew, and what planning the prompt costs.
#include <algorithm>
#include <chrono>
#include <iostream>

#include "daemon/engine/prompt.h"
#include "daemon/engine/random.h"
#include "tests/unit/engine/engine_fixture.h"

using namespace understory;
using namespace understory::engine;
using namespace understory::engine::testing;

namespace {

constexpr std::size_t kDocumentBytes = 1'200'000;

std::string prose(std::size_t n_bytes) {
  constexpr std::string_view kWords[] = {
      "the",     "a",       "rain",   "garden", "she",     "went",      "down",
      "kitchen", "without", "found",  "father", "table",   "yesterday", "newspaper",
      "and",     "voice",   "answer", "window", "leaves",  "thinking",  "letter",
      "pillow",  "of",      "in",     "was",    "quietly", "before",    "morning"};
  std::string text;
  for (std::uint64_t i = 0; text.size() < n_bytes; ++i) {
    const std::uint64_t bits = random_bits(5, i);
    text += kWords[bits % std::size(kWords)];
    text += bits >> 32 & 15 ? " " : bits >> 40 & 7 ? ". " : ".\n\n";
  }
  return text;
}

std::unique_ptr<tokenizer::Tokenizer> bundled_tokenizer() {
  auto file = gguf::File::open(MODELS_DIR "/understory-3m.gguf");
  REQUIRE(file.ok());
  auto tokenizer = tokenizer::Tokenizer::from_gguf(file->metadata());
  REQUIRE(tokenizer.ok());
  return *std::move(tokenizer);
}

struct Typing {
  std::uint32_t median_computed = 0;
  std::uint64_t computed = 0;
  std::uint32_t n_refilled = 0;  // keys after which (nearly) everything was computed anew
  double median_ms = 0;          // of planning
};

/// Types n_keys at the end of the document; the client sends the last part_bytes of it (0: all).
Typing type_at_end(std::uint32_t context, std::size_t part_bytes, std::size_t n_keys,
                   CompletionParams params = {}) {
  const auto tokenizer = bundled_tokenizer();
  const Healing healing(*tokenizer);
  const std::string text = prose(kDocumentBytes + n_keys);
  std::vector<std::uint32_t> computed;
  std::vector<double> ms;
  std::vector<tokenizer::TokenId> before;
  Typing typing;
  for (std::size_t key = 0; key < n_keys; ++key) {
    const std::size_t end = kDocumentBytes + key;
    params.prefix_offset = part_bytes == 0 ? 0 : end - part_bytes;
    params.prefix = text.substr(params.prefix_offset, end - params.prefix_offset);
    const auto began = std::chrono::steady_clock::now();
    const auto prompt = plan_prompt(params, *tokenizer, healing, context);
    ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
                     .count());
    REQUIRE(prompt.ok());
    REQUIRE(prompt->tokens.size() <= context * 3 / 4);
    REQUIRE(prompt->tokens.size() >= context / 3);
    const auto shared =
        std::mismatch(before.begin(), before.end(), prompt->tokens.begin(), prompt->tokens.end());
    const auto n_shared = static_cast<std::size_t>(shared.first - before.begin());
    if (key > 0) {
      computed.push_back(
          static_cast<std::uint32_t>(std::max<std::size_t>(prompt->tokens.size() - n_shared, 1)));
      typing.computed += computed.back();
      typing.n_refilled += computed.back() > prompt->tokens.size() / 2;
    }
    before = prompt->tokens;
  }
  std::sort(computed.begin(), computed.end());
  std::sort(ms.begin(), ms.end());
  typing.median_computed = computed[computed.size() / 2];
  typing.median_ms = ms[ms.size() / 2];
  std::cerr << "context " << context << ", client sends "
            << (part_bytes ? "the last " + std::to_string(part_bytes) : std::string("all"))
            << " bytes: median " << typing.median_computed << ", mean "
            << static_cast<double>(typing.computed) / computed.size() << " tokens a key, "
            << typing.n_refilled << " of " << n_keys << " keys refill the window, planning "
            << typing.median_ms << " ms\n";
  return typing;
}

}  // namespace

TEST_CASE("Typing at the end of a very long document computes few tokens a key", "[unit]") {
  constexpr std::size_t kKeys = 1500;
  for (const std::uint32_t context : {512u, 4096u}) {
    // A quarter of the room is the range in which the window's beginning stays: some three
    // hundred keys of the short context.
    const std::uint32_t max_refills = context == 512 ? 3 * kKeys / 300 : 6;
    for (const std::size_t part_bytes : {std::size_t{0}, std::size_t{40'000}}) {
      const Typing typing = type_at_end(context, part_bytes, kKeys);
      CHECK(typing.median_computed <= 3);
      CHECK(typing.n_refilled <= max_refills);
    }
  }
}

TEST_CASE("Notes and a lorebook at their depths keep typing cheap", "[unit]") {
  CompletionParams params;
  params.notes = "A quiet story about a father and a daughter.";
  params.lorebook = {{{"letter"}, "The letter came from her brother."},
                     {{"pillow", "window"}, "Her room looks out on the garden."}};
  const Typing typing = type_at_end(2048, 20'000, 600, params);
  CHECK(typing.median_computed <= 3);
  CHECK(typing.n_refilled <= 4);
}
