// Files that are cut short or lie about themselves: each is an error that says where.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "daemon/gguf/gguf.h"
#include "tests/support/gguf_writer.h"

using namespace understory;
using gguf::File;
using test::Bytes;
using test::GgufWriter;

namespace {

constexpr std::uint64_t kHuge = std::uint64_t{1} << 62;

void check_refused(const std::vector<std::byte>& bytes, ErrorCode code, const std::string& says) {
  const auto file = File::parse(bytes);
  REQUIRE_FALSE(file.ok());
  CHECK(file.error().code == code);
  CHECK_THAT(file.error().message, Catch::Contains(says));
}

void check_bad(const GgufWriter& w, const std::string& says) {
  check_refused(w.finish(), ErrorCode::kBadModel, says);
}

const std::vector<float> kData(64, 1.0f);

std::vector<std::byte> bundled_model() {
  std::ifstream in(MODELS_DIR "/understory-3m.gguf", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("What is not a GGUF file of a known version is refused", "[unit]") {
  check_refused(Bytes().put<std::uint32_t>(0x04034b50).put<std::uint64_t>(0).get(),
                ErrorCode::kBadModel, "not a GGUF file");
  check_refused(Bytes().put<std::uint16_t>(0x4747).get(), ErrorCode::kBadModel, "not a GGUF file");
  GgufWriter w;
  w.version = GENERATE(0u, 1u, 4u, 99u);
  check_refused(w.finish(), ErrorCode::kUnsupported, "version " + std::to_string(w.version));
  w.version = 3u << 24;
  check_refused(w.finish(), ErrorCode::kUnsupported, "big-endian");
}

TEST_CASE("Counts beyond the file are refused before anything is allocated", "[unit]") {
  Bytes header;
  header.put<std::uint32_t>(0x46554747).put<std::uint32_t>(3);
  SECTION("tensors") {
    check_refused(Bytes(header).put(kHuge).put<std::uint64_t>(0).get(), ErrorCode::kBadModel,
                  "tensors");
  }
  SECTION("keys") {
    check_refused(Bytes(header).put<std::uint64_t>(0).put(kHuge).get(), ErrorCode::kBadModel,
                  "metadata keys");
  }
  SECTION("array elements") {
    GgufWriter w;
    w.add("big", 9, Bytes().put<std::uint32_t>(4).put<std::uint64_t>(kHuge));
    check_bad(w, "'big'");
  }
  SECTION("array elements below the cap, but more than are there") {
    GgufWriter w;
    w.add("strings", 9, Bytes().put<std::uint32_t>(8).put<std::uint64_t>(1 << 20));
    check_bad(w, "'strings'");
  }
  SECTION("string length") {
    GgufWriter w;
    w.add("text", 8, Bytes().put<std::uint64_t>(kHuge));
    check_bad(w, "'text'");
  }
  SECTION("key length") {
    check_refused(Bytes(header)
                      .put<std::uint64_t>(0)
                      .put<std::uint64_t>(1)
                      .put<std::uint64_t>(70000)
                      .raw(std::vector<std::byte>(80000))
                      .get(),
                  ErrorCode::kBadModel, "metadata key");
  }
}

TEST_CASE("Malformed metadata are refused by key", "[unit]") {
  GgufWriter w;
  SECTION("a key twice") {
    w.add_u32("twice", 1);
    w.add_u32("twice", 2);
    check_bad(w, "'twice' appears twice");
  }
  SECTION("an empty key") {
    w.add_u32("", 1);
    check_bad(w, "empty");
  }
  SECTION("an unknown type") {
    w.add("odd", 13, Bytes().put<std::uint64_t>(0));
    check_bad(w, "'odd' has unknown type 13");
  }
  SECTION("an array of arrays") {
    w.add("nested", 9, Bytes().put<std::uint32_t>(9).put<std::uint64_t>(1));
    check_bad(w, "'nested' is an array of arrays");
  }
  SECTION("an array of an unknown type") {
    w.add("odd", 9, Bytes().put<std::uint32_t>(77).put<std::uint64_t>(1));
    check_bad(w, "'odd' is an array of unknown type 77");
  }
  SECTION("control characters in a key do not reach the terminal") {
    w.add("a\x1b[2J", 13, Bytes());
    check_bad(w, "'a?[2J'");
  }
  SECTION("an alignment that is no power of two") {
    w.add_u32("general.alignment", GENERATE(0u, 1u, 4u, 24u, 48u));
    check_bad(w, "general.alignment");
  }
  SECTION("an alignment that is no number") {
    w.add_string("general.alignment", "32");
    check_bad(w, "general.alignment");
  }
}

TEST_CASE("Malformed tensors are refused by name", "[unit]") {
  GgufWriter w;
  SECTION("a name twice") {
    w.add_tensor("t", {64}, kData);
    w.add_tensor("t", {64}, kData);
    check_bad(w, "'t' appears twice");
  }
  SECTION("no name") {
    w.add_tensor("", {64}, kData);
    check_bad(w, "no name");
  }
  SECTION("too many dimensions") {
    w.add_tensor("t", {1, 1, 1, 1, 64}, kData);
    check_bad(w, "'t' has 5 dimensions");
  }
  SECTION("no dimensions") {
    w.add_tensor("t", std::vector<std::uint64_t>{}, kData);
    check_bad(w, "'t' has 0 dimensions");
  }
  SECTION("a dimension of zero") {
    w.add_tensor("t", {64, 0}, kData);
    check_bad(w, "'t' has a dimension of 0");
  }
  SECTION("dimensions whose product overflows") {
    w.add_tensor("t", {kHuge, 8}, kData);
    check_bad(w, "'t' has dimensions whose product overflows");
  }
  SECTION("dimensions whose bytes overflow") {
    w.add_tensor("t", {kHuge}, kData);
    check_bad(w, "'t' has dimensions whose product overflows");
  }
  SECTION("a row that is not whole blocks") {
    w.add_tensor("t", 8, {48, 2}, std::as_bytes(std::span(kData)));
    check_bad(w, "'t' has rows of 48 weights; Q8_0 needs a multiple of 32");
  }
  SECTION("an offset off the alignment") {
    w.add_tensor("t", {64}, kData);
    w.add_tensor_at("u", 0, {2}, 4);
    check_bad(w, "'u' lies at offset 4");
  }
  SECTION("an offset outside the file") {
    w.add_tensor("t", {64}, kData);
    w.add_tensor_at("u", 0, {2}, GENERATE(std::uint64_t{288}, kHuge));
    check_bad(w, "'u' needs 8 bytes");
  }
  SECTION("data that run past the end") {
    w.add_tensor("t", {64, 2}, kData);
    check_bad(w, "'t' needs 512 bytes");
  }
  SECTION("two tensors in one place") {
    w.add_tensor("t", {64}, kData);
    w.add_tensor_at("u", 0, {8}, 224);
    check_bad(w, "'t' and 'u' overlap");
  }
}

TEST_CASE("An unsupported tensor type is named with its tensor", "[unit]") {
  GgufWriter w;
  w.add_tensor("blk.0.attn_q.weight", 17, {256}, std::as_bytes(std::span(kData)));
  check_refused(w.finish(), ErrorCode::kUnsupported, "'blk.0.attn_q.weight' has type IQ2_XS");
  GgufWriter unknown;
  unknown.add_tensor("t", 12345, {256}, std::as_bytes(std::span(kData)));
  check_refused(unknown.finish(), ErrorCode::kUnsupported, "'t' has type 12345");
}

TEST_CASE("A file cut anywhere is an error, never a crash", "[unit]") {
  GgufWriter w;
  w.add_string("general.architecture", "llama");
  const std::vector<std::string> words{"one", "two"};
  w.add_strings("words", words);
  w.add_tensor("t", {64}, kData);
  const auto whole = w.finish();
  REQUIRE(File::parse(whole).ok());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> cut(whole.begin(), whole.begin() + size);
    const auto file = File::parse(cut);
    INFO("cut to " << size << " bytes");
    REQUIRE_FALSE(file.ok());
    REQUIRE_FALSE(file.error().message.empty());
  }
}

TEST_CASE("A real model cut at many places is an error", "[unit]") {
  auto bytes = bundled_model();
  REQUIRE(File::parse(bytes).ok());
  const std::size_t whole = bytes.size();
  for (std::size_t parts = 1; parts < 40; ++parts) {
    const auto file = File::parse(std::span(bytes).first(whole * parts / 40));
    REQUIRE_FALSE(file.ok());
    CHECK(file.error().code == ErrorCode::kBadModel);
  }
}
