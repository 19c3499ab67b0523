#include "daemon/model/logit_reader.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/support/reference_backend.h"

using namespace understory;
using model::LogitReader;
using model::TopLogits;

namespace {

std::vector<float> wavy_logits(std::size_t n, float phase) {
  std::vector<float> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = 4 * std::sin(static_cast<float>(i) * 0.7f + phase) + static_cast<float>(i % 7);
  }
  return out;
}

void check_equal(const TopLogits& a, const TopLogits& b) {
  CHECK(a.logsumexp == Approx(b.logsumexp).margin(1e-4));
  REQUIRE(a.candidates.size() == b.candidates.size());
  for (std::size_t i = 0; i < a.candidates.size(); ++i) {
    CHECK(a.candidates[i].token == b.candidates[i].token);
    CHECK(a.candidates[i].logit == b.candidates[i].logit);
  }
}

}  // namespace

TEST_CASE("The top of a row is its largest values in order, ties to the lower token", "[unit]") {
  const std::vector<float> row{1, 5, -2, 5, 0, 3};
  const TopLogits top = model::top_of_row(row, 3);
  REQUIRE(top.candidates.size() == 3);
  CHECK(top.candidates[0].token == 1);
  CHECK(top.candidates[1].token == 3);
  CHECK(top.candidates[2].token == 5);
  double sum = 0;
  for (const float logit : row) sum += std::exp(logit);
  CHECK(top.logsumexp == Approx(std::log(sum)));
  CHECK(model::top_of_row(row, 0).candidates.empty());
}

TEST_CASE("Values that are not numbers come last and do no harm", "[unit]") {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const TopLogits top = model::top_of_row(std::vector<float>{kNan, 2, kNan, 1}, 4);
  CHECK(top.candidates[0].token == 1);
  CHECK(top.candidates[1].token == 3);
  CHECK(std::isinf(top.candidates[2].logit));
  CHECK(top.logsumexp == Approx(std::log(std::exp(2.0) + std::exp(1.0))));
  CHECK(model::top_of_row(std::vector<float>{kNan, kNan}, 1).logsumexp < 0);
}

TEST_CASE("A large vocabulary searched on the device gives what the host finds", "[unit]") {
  const std::shared_ptr<kernels::Backend> backend = test::make_reference_backend();
  const std::uint32_t vocab = GENERATE(100u, 8192u, 9001u);
  const auto logits = backend->create_tensor(3, vocab);
  REQUIRE(logits.ok());
  auto reader = LogitReader::create(backend, *logits, 0);
  REQUIRE(reader.ok());
  for (const float phase : {0.0f, 1.0f}) {  // a second step must not see the first one's
    const auto first = wavy_logits(vocab, phase), second = wavy_logits(vocab, phase + 0.5f);
    backend->write(*logits, first, 0);
    backend->write(*logits, second, vocab);
    reader->begin_step(2);
    for (const std::uint32_t k : {1u, 40u, 64u, 65u, 256u}) {
      const std::uint32_t wanted = std::min(k, vocab);
      check_equal(reader->top(0, k), model::top_of_row(first, wanted));
      check_equal(reader->top(1, k), model::top_of_row(second, wanted));
    }
    std::vector<float> row(vocab);
    reader->row(1, row);
    CHECK(row == second);
  }
}

TEST_CASE("A softcap bounds the logits and their logsumexp", "[unit]") {
  const std::shared_ptr<kernels::Backend> backend = test::make_reference_backend();
  const auto logits = backend->create_tensor(1, 8192);
  REQUIRE(logits.ok());
  auto reader = LogitReader::create(backend, *logits, 2.0f);
  REQUIRE(reader.ok());
  std::vector<float> row = wavy_logits(8192, 0);
  backend->write(*logits, row);
  reader->begin_step(1);
  for (float& logit : row) logit = 2 * std::tanh(logit / 2);
  check_equal(reader->top(0, 5), model::top_of_row(row, 5));
}
