// The references are trusted by every kernel test, so they are held to hand-computed values.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "tests/support/dequantize.h"
#include "tests/support/half.h"
#include "tests/support/reference_backend.h"

namespace understory::test {
namespace {

using kernels::DType;

std::vector<float> decode(DType type, const std::vector<std::uint8_t>& bytes) {
  std::vector<float> out(kernels::traits(type).block_len);
  dequantize(type, std::as_bytes(std::span(bytes)), out);
  return out;
}

constexpr std::uint8_t kHalfOneHigh = 0x3c;  // 1.0 is 0x3c00, little endian

TEST_CASE("Half precision survives a round trip of every bit pattern", "[unit]") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value)) continue;
    REQUIRE(float_to_half(value) == half);
  }
  CHECK(half_to_float(0x3c00) == 1.0f);
  CHECK(half_to_float(0x0001) == 0x1p-24f);
  CHECK(half_to_float(0xfbff) == -65504.0f);
}

TEST_CASE("Rounding to half precision goes to nearest, ties to even", "[unit]") {
  CHECK(round_to_half(1.0f + 0x1p-11f) == 1.0f);
  CHECK(round_to_half(1.0f + 3 * 0x1p-11f) == 1.0f + 2 * 0x1p-10f);
  CHECK(round_to_half(1.0f + 0x1p-11f + 0x1p-20f) == 1.0f + 0x1p-10f);
  CHECK(std::isinf(round_to_half(65520.0f)));
  CHECK(round_to_half(65519.0f) == 65504.0f);
}

TEST_CASE("Q4_0 holds two halves of a block in the nibbles", "[unit]") {
  std::vector<std::uint8_t> block(18, 0x88);
  block[0] = 0, block[1] = kHalfOneHigh;
  block[2] = 0xf0;  // weight 0: 0 - 8, weight 16: 15 - 8
  const auto w = decode(DType::kQ4_0, block);
  CHECK(w[0] == -8.0f);
  CHECK(w[16] == 7.0f);
  CHECK(w[1] == 0.0f);
}

TEST_CASE("Q5_0 takes its fifth bits from one word", "[unit]") {
  std::vector<std::uint8_t> block(22, 0);
  block[1] = kHalfOneHigh;
  block[2] = 0x01;  // fifth bit of weight 0
  block[5] = 0x80;  // fifth bit of weight 31
  block[6] = 0x03;
  const auto w = decode(DType::kQ5_0, block);
  CHECK(w[0] == 3.0f);
  CHECK(w[31] == 0.0f);
  CHECK(w[1] == -16.0f);
}

TEST_CASE("Q4_1 and Q5_1 add their minimum", "[unit]") {
  std::vector<std::uint8_t> q4_1(20, 0x21);
  q4_1[0] = 0, q4_1[1] = kHalfOneHigh, q4_1[2] = 0, q4_1[3] = 0xc0;  // min -2
  const auto w4 = decode(DType::kQ4_1, q4_1);
  CHECK(w4[0] == -1.0f);
  CHECK(w4[16] == 0.0f);
  std::vector<std::uint8_t> q5_1(24, 0);
  q5_1[1] = kHalfOneHigh, q5_1[3] = 0xc0, q5_1[4] = 0x02;
  const auto w5 = decode(DType::kQ5_1, q5_1);
  CHECK(w5[0] == -2.0f);
  CHECK(w5[1] == 14.0f);
}

TEST_CASE("Q8_0 is signed bytes times a scale", "[unit]") {
  std::vector<std::uint8_t> block(34, 0);
  block[1] = 0x38;  // 0.5
  block[2] = 0x80, block[33] = 0x7f;
  const auto w = decode(DType::kQ8_0, block);
  CHECK(w[0] == -64.0f);
  CHECK(w[31] == 63.5f);
}

TEST_CASE("Q4_K and Q5_K unpack their six-bit scales", "[unit]") {
  for (const bool five_bits : {false, true}) {
    std::vector<std::uint8_t> block(five_bits ? 176 : 144, 0);
    const std::size_t nibbles = five_bits ? 48 : 16;
    block[1] = kHalfOneHigh, block[3] = kHalfOneHigh;
    block[4 + 0] = 5 | 0x40;          // scale 0 = 5; bit 4 of scale 4
    block[4 + 4] = 2 | 0x80;          // min 0 = 2; bit 5 of min 4
    block[4 + 8] = 0x31;              // low nibbles: scale 4 = 1, min 4 = 3
    block[nibbles] = 0x0f;            // weight 0 (sub-block 0)
    block[nibbles + 64] = 0x4;        // weight 128 (sub-block 4)
    if (five_bits) block[16] = 0x10;  // fifth bit of weight 128
    const auto w = decode(five_bits ? DType::kQ5_K : DType::kQ4_K, block);
    CHECK(w[0] == 15 * 5 - 2.0f);
    CHECK(w[128] == (five_bits ? 20.0f : 4.0f) * 17 - 35);
    CHECK(w[129] == -35.0f);
    CHECK(w[64] == 0.0f);
  }
}

TEST_CASE("Q6_K joins four low and two high bits", "[unit]") {
  std::vector<std::uint8_t> block(210, 0);
  block[209] = kHalfOneHigh;
  block[192 + 0] = 2;                         // scale of weights 0..15
  block[192 + 15] = 0xff;                     // scale -1 of weights 240..255
  block[0] = 0x05, block[128] = 0x03;         // weight 0: 5 + 48 - 32
  block[127] = 0x70, block[128 + 63] = 0x40;  // weight 255: 7 + 16 - 32
  const auto w = decode(DType::kQ6_K, block);
  CHECK(w[0] == 42.0f);
  CHECK(w[255] == 9.0f);
  CHECK(w[240] == 32.0f);
  CHECK(w[16] == 0.0f);
}

TEST_CASE("Random weights are repeatable, sane and not constant", "[unit]") {
  for (const DType type : all_dtypes()) {
    const auto bytes = random_weights(type, 3, 512, 7);
    CHECK(bytes == random_weights(type, 3, 512, 7));
    std::vector<float> w(3 * 512);
    dequantize(type, bytes, w);
    double square_sum = 0;
    for (const float x : w) {
      REQUIRE(std::fabs(x) < 4.0f);
      square_sum += x * x;
    }
    INFO(kernels::traits(type).name);
    CHECK(std::sqrt(square_sum / static_cast<double>(w.size())) > 0.05);
  }
}

TEST_CASE("One position attends to itself alone, through cache and block table", "[unit]") {
  auto backend = make_reference_backend();
  auto q = backend->create_tensor(1, 4).value_or_throw();
  auto k = backend->create_tensor(1, 2).value_or_throw();
  auto v = backend->create_tensor(1, 2).value_or_throw();
  auto cos_sin = backend->create_tensor(1, 2).value_or_throw();
  auto out = backend->create_tensor(1, 4).value_or_throw();
  auto cache = backend->create_kv_cache(1, 1, 2, 4, 3).value_or_throw();
  kernels::RowInputs rows;
  rows.positions = backend->create_indices(1).value_or_throw();
  rows.slots = backend->create_indices(1).value_or_throw();
  rows.sequences = backend->create_indices(1).value_or_throw();
  rows.block_tables = backend->create_indices(2).value_or_throw();
  rows.blocks_per_sequence = 2;
  backend->write(q, std::vector<float>{1, 0, 0, 1});
  backend->write(v, std::vector<float>{0.25f, -3});
  backend->write(cos_sin, std::vector<float>{0, 1});  // a quarter turn
  backend->write(rows.slots, std::vector<std::uint32_t>{8});
  backend->write(rows.block_tables, std::vector<std::uint32_t>{2, 0});
  auto program = backend->record([&](kernels::Ops& ops) {
    ops.rope_store(q, k, v, cos_sin, kernels::RopePairing::kInterleaved, cache, 0, rows.slots, 1);
    ops.attention(q, cache, 0, rows, out, 1, {2, 1.0f, 0, 0});
  });
  REQUIRE(backend->run(**program).ok());
  std::vector<float> values(4);
  backend->read(out, values);
  CHECK(values == std::vector<float>{0.25f, -3, 0.25f, -3});
  backend->read(q, values);
  CHECK(values == std::vector<float>{0, 1, -1, 0});

  backend->write(rows.positions, std::vector<std::uint32_t>{8});
  const Status past_the_table = backend->run(**program);
  REQUIRE(!past_the_table.ok());
  CHECK(past_the_table.error().code == ErrorCode::kInternal);
}

TEST_CASE("Storage is counted while it lives", "[unit]") {
  auto backend = make_reference_backend();
  {
    auto tensor = backend->create_tensor(3, 5);
    CHECK(backend->allocated_bytes() == 60);
  }
  CHECK(backend->allocated_bytes() == 0);
}

TEST_CASE("Wrong shapes are refused while recording", "[unit]") {
  auto backend = make_reference_backend();
  auto in = backend->create_tensor(1, 6).value_or_throw();
  auto out = backend->create_tensor(1, 6).value_or_throw();
  auto weight = backend->upload_vector(std::vector<float>(4, 1.0f)).value_or_throw();
  CHECK_THROWS_AS(
      backend->record([&](kernels::Ops& ops) { ops.rms_norm(in, weight, out, 1, 1e-6f); }),
      std::logic_error);
}

}  // namespace
}  // namespace understory::test
