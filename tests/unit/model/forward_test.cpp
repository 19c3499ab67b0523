// The forward pass against plain loops, and against itself in other batchings.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "daemon/model/model.h"
#include "tests/support/reference_backend.h"
#include "tests/unit/model/plain_model.h"

using namespace understory;
using model::Batch;
using model::BatchRow;
using model::Model;
using test::PlainModel;
using test::PlainShape;

namespace {

// Keys and values are kept in f16, 11 bits; logits here are a few units large.
constexpr double kF16Tolerance = 0.02;
// The same sums in the same order: only the batching differs.
constexpr double kBatchingTolerance = 1e-5;

std::unique_ptr<Model> load(const std::vector<std::byte>& bytes, model::ModelOptions options = {}) {
  const auto file = gguf::File::parse(bytes);
  INFO((file.ok() ? "" : file.error().message));
  REQUIRE(file.ok());
  auto loaded = Model::load(*file, test::make_reference_backend(), options);
  INFO((loaded.ok() ? "" : loaded.error().message));
  REQUIRE(loaded.ok());
  return *std::move(loaded);
}

std::vector<std::uint32_t> some_tokens(std::size_t n, std::uint32_t vocab_size,
                                       std::uint32_t salt = 0) {
  std::vector<std::uint32_t> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<std::uint32_t>((i * i * 31 + i * 7 + salt * 13 + 5) % vocab_size);
  }
  return out;
}

struct Sequence {
  std::vector<std::uint32_t> tokens;
  std::vector<std::uint32_t> blocks;
};

using Logits = std::vector<std::vector<float>>;

std::vector<float> read(Model& model, std::uint32_t i) {
  std::vector<float> out(model.info().vocab_size);
  model.logits(i, out);
  return out;
}

/// All logits of one sequence, run in chunks of `chunk` rows.
Logits run(Model& model, const Sequence& sequence, std::size_t chunk) {
  Logits out;
  const std::span<const std::uint32_t> table(sequence.blocks);
  for (std::size_t start = 0; start < sequence.tokens.size(); start += chunk) {
    std::vector<BatchRow> rows;
    const std::size_t end = std::min(start + chunk, sequence.tokens.size());
    for (std::size_t p = start; p < end; ++p) {
      rows.push_back({sequence.tokens[p], static_cast<std::uint32_t>(p), 0, true});
    }
    const Status status = model.forward({rows, std::span(&table, 1)});
    INFO((status.ok() ? "" : status.error().message));
    REQUIRE(status.ok());
    for (std::uint32_t i = 0; i < rows.size(); ++i) out.push_back(read(model, i));
  }
  return out;
}

template <class A, class B>
double largest_difference(const A& a, const B& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].size() == b[i].size());
    for (std::size_t j = 0; j < a[i].size(); ++j) {
      const double difference = std::abs(static_cast<double>(a[i][j]) - b[i][j]);
      if (!(difference <= largest)) largest = difference;  // NaN counts
    }
  }
  return largest;
}

PlainShape llama() {
  return {};
}

PlainShape llama3() {
  PlainShape shape;
  shape.rope_base = 500;
  shape.rope_factor = 2;
  shape.freq_factors = true;
  shape.biases = true;
  shape.tied = false;
  shape.rope_dim = 6;  // less than head_dim
  return shape;
}

PlainShape gemma3() {
  PlainShape shape;
  shape.architecture = "gemma3";
  shape.n_layers = 7;
  shape.rope_base = 1e6;
  shape.rope_factor = 8;
  shape.sliding_window = 5;
  return shape;
}

PlainShape gemma3_variant() {
  PlainShape shape = gemma3();
  shape.n_layers = 4;
  shape.n_kv_heads = 1;
  shape.sliding_period = 2;
  shape.tied = false;
  shape.softcap = 3;
  return shape;
}

PlainShape any_shape() {
  return GENERATE(llama(), llama3(), gemma3(), gemma3_variant());
}

}  // namespace

TEST_CASE("Logits equal those of plain loops over the whole sequence", "[unit]") {
  const PlainModel plain(any_shape(), 1);
  const auto bytes = plain.writer().finish();
  const auto model = load(bytes);
  const Sequence sequence{some_tokens(29, plain.shape().vocab_size), {3, 1}};
  CHECK(largest_difference(run(*model, sequence, 29), plain.logits(sequence.tokens)) <
        kF16Tolerance);
}

TEST_CASE("A prompt in one batch, in chunks and token by token gives the same logits", "[unit]") {
  const PlainModel plain(any_shape(), 2);
  const auto bytes = plain.writer().finish();
  const auto model = load(bytes);
  const auto tokens = some_tokens(32, plain.shape().vocab_size);
  const Logits whole = run(*model, {tokens, {0, 1}}, 32);
  CHECK(largest_difference(whole, run(*model, {tokens, {5, 2}}, 7)) < kBatchingTolerance);
  CHECK(largest_difference(whole, run(*model, {tokens, {4, 3}}, 1)) < kBatchingTolerance);
}

TEST_CASE("Sequences in one batch do not see each other", "[unit]") {
  const PlainModel plain(any_shape(), 3);
  const auto bytes = plain.writer().finish();
  const auto model = load(bytes);
  const Sequence a{some_tokens(20, plain.shape().vocab_size, 1), {7, 0}};
  const Sequence b{some_tokens(12, plain.shape().vocab_size, 2), {2}};
  const Logits alone_a = run(*model, a, 20);
  const Logits alone_b = run(*model, b, 12);

  // Rows of both, alternating, into other blocks than before.
  const std::vector<std::uint32_t> blocks_a{1, 6}, blocks_b{4};
  const std::vector<std::span<const std::uint32_t>> tables{blocks_a, blocks_b};
  std::vector<BatchRow> rows;
  for (std::uint32_t p = 0; p < 20; ++p) {
    rows.push_back({a.tokens[p], p, 0, true});
    if (p < 12) rows.push_back({b.tokens[p], p, 1, true});
  }
  REQUIRE(model->forward({rows, tables}).ok());
  Logits both_a, both_b;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    (rows[i].sequence == 0 ? both_a : both_b).push_back(read(*model, i));
  }
  CHECK(largest_difference(alone_a, both_a) < kBatchingTolerance);
  CHECK(largest_difference(alone_b, both_b) < kBatchingTolerance);
}

TEST_CASE("Only the rows that want logits get them, in row order", "[unit]") {
  const PlainModel plain(any_shape(), 4);
  const auto bytes = plain.writer().finish();
  const auto model = load(bytes);
  const Sequence sequence{some_tokens(10, plain.shape().vocab_size), {0}};
  const Logits all = run(*model, sequence, 10);

  const std::span<const std::uint32_t> table(sequence.blocks);
  std::vector<BatchRow> rows;
  for (std::uint32_t p = 0; p < 10; ++p) {
    rows.push_back({sequence.tokens[p], p, 0, p == 2 || p == 9});
  }
  REQUIRE(model->forward({rows, std::span(&table, 1)}).ok());
  CHECK(largest_difference(Logits{all[2], all[9]}, Logits{read(*model, 0), read(*model, 1)}) <
        kBatchingTolerance);
}

TEST_CASE("A prefill without logits fills the cache for the next step", "[unit]") {
  const PlainModel plain(any_shape(), 5);
  const auto bytes = plain.writer().finish();
  const auto model = load(bytes);
  const Sequence sequence{some_tokens(10, plain.shape().vocab_size), {0}};
  const Logits all = run(*model, sequence, 10);

  const std::vector<std::uint32_t> other{3};
  const std::span<const std::uint32_t> table(other);
  std::vector<BatchRow> rows;
  for (std::uint32_t p = 0; p < 9; ++p) rows.push_back({sequence.tokens[p], p, 0, false});
  REQUIRE(model->forward({rows, std::span(&table, 1)}).ok());
  const BatchRow last{sequence.tokens[9], 9, 0, true};
  REQUIRE(model->forward({std::span(&last, 1), std::span(&table, 1)}).ok());
  CHECK(largest_difference(Logits{all[9]}, Logits{read(*model, 0)}) < kBatchingTolerance);
}

TEST_CASE("A copied block continues as the one it was copied from", "[unit]") {
  const PlainModel plain(any_shape(), 6);
  const auto bytes = plain.writer().finish();
  const auto model = load(bytes);
  const Sequence sequence{some_tokens(12, plain.shape().vocab_size), {0}};
  run(*model, sequence, 12);
  const kernels::Backend::BlockCopy copy{0, 5};
  REQUIRE(model->copy_blocks(std::span(&copy, 1)).ok());

  const std::vector<std::uint32_t> original{0}, copied{5};
  const std::vector<std::span<const std::uint32_t>> tables{original, copied};
  const std::vector<BatchRow> rows{{9, 12, 0, true}, {9, 12, 1, true}};
  REQUIRE(model->forward({rows, tables}).ok());
  CHECK(read(*model, 0) == read(*model, 1));
  const kernels::Backend::BlockCopy outside{0, model->n_cache_blocks()};
  CHECK_FALSE(model->copy_blocks(std::span(&outside, 1)).ok());
}

TEST_CASE("More step shapes than are kept still give the same logits", "[unit]") {
  PlainShape shape;
  shape.n_layers = 1;
  shape.context = 256;
  const PlainModel plain(shape, 7);
  const auto bytes = plain.writer().finish();
  const auto model = load(bytes, {.context = 0, .max_sequences = 4, .max_rows = 100});
  const Sequence sequence{some_tokens(100, shape.vocab_size), {0, 1, 2, 3, 4, 5, 6}};
  const std::span<const std::uint32_t> table(sequence.blocks);
  const Logits all = run(*model, sequence, 100);
  for (const std::uint32_t round : {0u, 1u}) {
    for (std::uint32_t n = 1; n <= 100; n += 1 + round) {
      std::vector<BatchRow> rows;
      for (std::uint32_t p = 0; p < n; ++p) rows.push_back({sequence.tokens[p], p, 0, p + 1 == n});
      REQUIRE(model->forward({rows, std::span(&table, 1)}).ok());
      REQUIRE(largest_difference(Logits{all[n - 1]}, Logits{read(*model, 0)}) < kBatchingTolerance);
    }
  }
}

TEST_CASE("A batch that breaks a limit is refused and harms nothing", "[unit]") {
  const PlainModel plain(llama(), 8);
  const auto bytes = plain.writer().finish();
  const auto model = load(bytes, {.context = 40, .max_sequences = 2, .max_rows = 8});
  CHECK(model->context() == 40);
  CHECK(model->max_rows() == 8);
  CHECK(model->max_logit_rows() == 8);

  const std::vector<std::uint32_t> good{0, 1, 2}, long_table{0, 1, 2, 3}, outside{9999};
  const auto refused = [&](std::vector<BatchRow> rows,
                           std::vector<std::span<const std::uint32_t>> tables) {
    const Status status = model->forward({rows, tables});
    return !status.ok() && status.error().code == ErrorCode::kInvalidArgument;
  };
  CHECK(refused({}, {good}));
  CHECK(refused(std::vector<BatchRow>(9), {good}));
  CHECK(refused({{61, 0, 0, true}}, {good}));
  CHECK(refused({{1, 40, 0, true}}, {good}));
  CHECK(refused({{1, 0, 1, true}}, {good}));
  CHECK(refused({{1, 16, 0, true}}, {std::span(good).first(1)}));
  CHECK(refused({{1, 0, 0, true}}, {long_table}));
  CHECK(refused({{1, 0, 0, true}}, {outside}));
  CHECK(refused({{1, 0, 0, true}}, {good, good, good}));
  const std::span<const std::uint32_t> table(good);
  const BatchRow row{1, 0, 0, true};
  CHECK(model->forward({std::span(&row, 1), std::span(&table, 1)}).ok());
}
