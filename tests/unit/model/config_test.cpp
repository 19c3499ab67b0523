// Models that do not fit together are refused with the key or tensor in the message.
#include "daemon/model/config.h"

#include <catch2/catch.hpp>

#include "daemon/model/model.h"
#include "tests/support/reference_backend.h"
#include "tests/unit/model/plain_model.h"

using namespace understory;
using model::Model;
using test::GgufWriter;
using test::PlainModel;
using test::PlainShape;

namespace {

void check_refused(const GgufWriter& writer, ErrorCode code, const std::string& says,
                   const model::ModelOptions& options = {}) {
  const auto bytes = writer.finish();
  const auto file = gguf::File::parse(bytes);
  INFO((file.ok() ? "" : file.error().message));
  REQUIRE(file.ok());
  const auto loaded = Model::load(*file, test::make_reference_backend(), options);
  REQUIRE_FALSE(loaded.ok());
  CHECK_THAT(loaded.error().message, Catch::Contains(says));
  CHECK(loaded.error().code == code);
}

/// Metadata of a llama whose values come from the test; tensors are not reached.
struct Keys {
  std::uint32_t block_count = 2, embedding_length = 32, feed_forward_length = 64, head_count = 4,
                head_count_kv = 2, context_length = 128;
  float eps = 1e-5f;

  GgufWriter writer() const {
    GgufWriter w;
    w.add_string("general.architecture", "llama");
    w.add_u32("llama.block_count", block_count);
    w.add_u32("llama.embedding_length", embedding_length);
    w.add_u32("llama.feed_forward_length", feed_forward_length);
    w.add_u32("llama.attention.head_count", head_count);
    w.add_u32("llama.attention.head_count_kv", head_count_kv);
    w.add_u32("llama.context_length", context_length);
    w.add_f32("llama.attention.layer_norm_rms_epsilon", eps);
    return w;
  }
};

PlainShape small() {
  PlainShape shape;
  shape.n_layers = 1;
  return shape;
}

}  // namespace

TEST_CASE("An unknown or missing architecture is named", "[unit]") {
  GgufWriter w;
  check_refused(w, ErrorCode::kBadModel, "general.architecture");
  w.add_string("general.architecture", "mamba");
  check_refused(w, ErrorCode::kUnsupported, "'mamba'");
}

TEST_CASE("Absurd dimensions are refused by key", "[unit]") {
  Keys keys;
  SECTION("no layers") {
    keys.block_count = 0;
    check_refused(keys.writer(), ErrorCode::kBadModel, "llama.block_count");
  }
  SECTION("too many layers") {
    keys.block_count = 1u << 31;
    check_refused(keys.writer(), ErrorCode::kBadModel, "llama.block_count");
  }
  SECTION("no width") {
    keys.embedding_length = 0;
    check_refused(keys.writer(), ErrorCode::kBadModel, "llama.embedding_length");
  }
  SECTION("no heads") {
    keys.head_count = 0;
    check_refused(keys.writer(), ErrorCode::kBadModel, "llama.attention.head_count");
  }
  SECTION("key heads that do not divide the query heads") {
    keys.head_count_kv = 3;
    check_refused(keys.writer(), ErrorCode::kBadModel, "4 query heads");
  }
  SECTION("a width that is not whole heads") {
    keys.embedding_length = 33;
    check_refused(keys.writer(), ErrorCode::kBadModel, "33");
  }
  SECTION("an odd rotation") {
    GgufWriter w = keys.writer();
    w.add_u32("llama.rope.dimension_count", 7);
    check_refused(w, ErrorCode::kBadModel, "odd");
  }
  SECTION("no context") {
    keys.context_length = 0;
    check_refused(keys.writer(), ErrorCode::kBadModel, "llama.context_length");
  }
  SECTION("a negative epsilon") {
    keys.eps = -1;
    check_refused(keys.writer(), ErrorCode::kBadModel, "layer_norm_rms_epsilon");
  }
}

TEST_CASE("Features that would change the result silently are refused", "[unit]") {
  GgufWriter w = Keys().writer();
  SECTION("mixture of experts") {
    w.add_u32("llama.expert_count", 8);
    check_refused(w, ErrorCode::kUnsupported, "mixture-of-experts");
  }
  SECTION("an unknown RoPE scaling") {
    w.add_string("llama.rope.scaling.type", "longrope");
    check_refused(w, ErrorCode::kUnsupported, "longrope");
  }
  SECTION("heads that the kernels cannot read") {
    w.add_u32("llama.attention.key_length", 12);
    check_refused(w, ErrorCode::kUnsupported, "heads of 12 elements");
  }
  SECTION("values of another length than keys") {
    w.add_u32("llama.attention.value_length", 4);
    check_refused(w, ErrorCode::kUnsupported, "differ in length");
  }
  SECTION("widths that differ by layer") {
    GgufWriter varied;
    varied.add_string("general.architecture", "llama");
    const std::vector<std::int32_t> counts{4, 8};
    varied.add_i32s("llama.block_count", counts);
    check_refused(varied, ErrorCode::kUnsupported, "differs from layer to layer");
  }
}

TEST_CASE("Missing, misshapen and unknown tensors are named", "[unit]") {
  const PlainModel plain(small(), 1);
  for (const char* name : {"token_embd.weight", "blk.0.attn_k.weight", "output_norm.weight"}) {
    check_refused(plain.writer_without(name), ErrorCode::kBadModel,
                  "'" + std::string(name) + "' is missing");
  }
  const std::vector<float> data(24 * 24);
  GgufWriter misshapen = plain.writer_without("blk.0.ffn_norm.weight");
  misshapen.add_tensor("blk.0.ffn_norm.weight", {23}, std::span(data).first(23));
  check_refused(misshapen, ErrorCode::kBadModel, "'blk.0.ffn_norm.weight' is 1 x 23");

  GgufWriter extra = plain.writer();
  extra.add_tensor("blk.0.attn_q_norm.weight", {10}, std::span(data).first(10));
  check_refused(extra, ErrorCode::kUnsupported, "'blk.0.attn_q_norm.weight'");

  GgufWriter infinite = plain.writer_without("output_norm.weight");
  const std::vector<float> norm(24, INFINITY);
  infinite.add_tensor("output_norm.weight", {24}, norm);
  check_refused(infinite, ErrorCode::kBadModel, "'output_norm.weight' holds values");
}

TEST_CASE("A vocabulary of another size than the embedding table is refused", "[unit]") {
  GgufWriter w = PlainModel(small(), 1).writer();
  const std::vector<std::string> words(60, "x");
  w.add_strings("tokenizer.ggml.tokens", words);
  check_refused(w, ErrorCode::kBadModel, "60 tokens");
}

TEST_CASE("Options out of range are refused by name", "[unit]") {
  const GgufWriter w = PlainModel(small(), 1).writer();
  check_refused(w, ErrorCode::kInvalidArgument, "max_sequences", {.max_sequences = 0});
  check_refused(w, ErrorCode::kInvalidArgument, "max_rows", {.max_rows = 1u << 20});
  check_refused(w, ErrorCode::kInvalidArgument, "kv_cache_bytes", {.kv_cache_bytes = 1000});
}

TEST_CASE("Loading reports rising progress up to the end, and what it found", "[unit]") {
  PlainShape shape;
  shape.architecture = GENERATE("llama", "gemma3");
  const auto bytes = PlainModel(shape, 1).writer().finish();
  const auto file = gguf::File::parse(bytes);
  REQUIRE(file.ok());
  std::vector<float> fractions;
  const auto loaded = Model::load(*file, test::make_reference_backend(), {.context = 1000},
                                  [&](float fraction) { fractions.push_back(fraction); });
  REQUIRE(loaded.ok());
  REQUIRE_FALSE(fractions.empty());
  CHECK(std::is_sorted(fractions.begin(), fractions.end()));
  CHECK(fractions.front() > 0);
  CHECK(fractions.back() == 1.0f);

  const Model& model = **loaded;
  CHECK(model.info().name == "tiny");
  CHECK(model.info().architecture == shape.architecture);
  CHECK(model.info().file_type == "F32");
  CHECK(model.info().vocab_size == 61);
  CHECK(model.context() == 96);             // what the model was trained for
  CHECK(model.n_cache_blocks() == 32 * 6);  // contexts are small here
  CHECK(model.device_bytes() > model.info().weight_bytes);
}

TEST_CASE("Each architecture's constants come from its metadata", "[unit]") {
  PlainShape shape;
  shape.architecture = "gemma3";
  shape.n_layers = 13;
  shape.rope_base = 1e6;
  shape.rope_factor = 8;
  shape.sliding_window = 512;
  const auto bytes = PlainModel(shape, 1).writer().finish();
  const auto config = model::read_config(gguf::File::parse(bytes).value());
  REQUIRE(config.ok());
  CHECK(config->rope.freq_base == 1e6);
  CHECK(config->rope.context_factor == 8);
  CHECK(config->sliding_rope.freq_base == 10000);
  CHECK(config->sliding_rope.context_factor == 1);
  const std::vector<bool> pattern{true, true, true, true, true,  false, true,
                                  true, true, true, true, false, true};
  CHECK(config->layer_slides == pattern);
}
