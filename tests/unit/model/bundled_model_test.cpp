// The model that the repository brings: real weights, so a wrong sign or pairing anywhere shows.
#include <catch2/catch.hpp>

#include "daemon/model/model.h"
#include "daemon/tokenizer/tokenizer.h"
#include "tests/support/reference_backend.h"

using namespace understory;
using model::BatchRow;

namespace {

struct Bundled {
  std::unique_ptr<tokenizer::Tokenizer> tokenizer;
  std::unique_ptr<model::Model> model;
};

Bundled load() {
  auto file = gguf::File::open(MODELS_DIR "/understory-3m.gguf");
  REQUIRE(file.ok());
  auto tokenizer = tokenizer::Tokenizer::from_gguf(file->metadata());
  REQUIRE(tokenizer.ok());
  auto model = model::Model::load(*file, test::make_reference_backend(), {});
  REQUIRE(model.ok());
  return {*std::move(tokenizer), *std::move(model)};
}

constexpr std::string_view kSentence =
    "She opened the door and looked out into the garden, where the old man was sitting under "
    "the tree, and for a moment neither of them said anything.";

}  // namespace

TEST_CASE("The bundled model finds an ordinary sentence likely", "[unit]") {
  const Bundled bundled = load();
  const auto tokens = bundled.tokenizer->encode(kSentence);
  REQUIRE(tokens.size() > 20);
  REQUIRE(tokens.size() <= bundled.model->max_rows());
  const std::vector<std::uint32_t> blocks{0, 1, 2, 3};
  const std::span<const std::uint32_t> table(blocks);
  std::vector<BatchRow> rows;
  for (std::uint32_t p = 0; p < tokens.size(); ++p) rows.push_back({tokens[p], p, 0, true});
  REQUIRE(bundled.model->forward({rows, std::span(&table, 1)}).ok());

  double nats = 0;
  std::size_t n_bytes = 0;
  std::vector<float> logits(bundled.model->info().vocab_size);
  for (std::uint32_t p = 0; p + 1 < tokens.size(); ++p) {
    bundled.model->logits(p, logits);
    nats += bundled.model->top(p, 1).logsumexp - logits[tokens[p + 1]];
    n_bytes += bundled.tokenizer->piece(tokens[p + 1]).size();
  }
  INFO("nats per byte: " << nats / static_cast<double>(n_bytes));
  CHECK(nats / static_cast<double>(n_bytes) < 0.9);  // uniform over the vocabulary: about 2
}

// The ids are those of llama-server on the same weights dequantized to F32.
TEST_CASE("The bundled model continues a beginning greedily as expected", "[unit]") {
  const Bundled bundled = load();
  auto tokens = bundled.tokenizer->encode("She opened the door and looked");
  const std::size_t n_prompt = tokens.size();
  const std::vector<std::uint32_t> blocks{0, 1};
  const std::span<const std::uint32_t> table(blocks);
  std::uint32_t position = 0;
  while (tokens.size() < n_prompt + 12) {
    std::vector<BatchRow> rows;
    for (; position < tokens.size(); ++position) {
      rows.push_back({tokens[position], position, 0, position + 1 == tokens.size()});
    }
    REQUIRE(bundled.model->forward({rows, std::span(&table, 1)}).ok());
    tokens.push_back(bundled.model->top(0, 1).candidates.at(0).token);
  }
  tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(n_prompt));
  CHECK(tokens ==
        std::vector<std::uint32_t>{359, 262, 754, 14, 199, 199, 296, 41, 304, 77, 820, 281});
}
