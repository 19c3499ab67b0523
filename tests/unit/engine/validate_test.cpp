#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "daemon/engine/engine.h"
#include "tests/unit/engine/fake_model.h"

using namespace understory;
using namespace understory::engine;
using Catch::Matchers::Contains;

namespace {

std::string refusal(const CompletionParams& params) {
  testing::FakeModel model({.vocab_size = 300});
  const Status status = validate(params, model);
  if (status.ok()) return "";
  CHECK(status.error().code == ErrorCode::kInvalidArgument);
  return status.error().message;
}

}  // namespace

TEST_CASE("A ranking needs candidates and a suffix", "[unit]") {
  testing::FakeModel model({.vocab_size = 300});
  CHECK(validate(RankParams{"a", "b", {"c"}}, model).ok());
  CHECK_THAT(validate(RankParams{"a", "b", {}}, model).error().message,
             Contains("candidates must be between 1 and 16"));
  CHECK_FALSE(validate(RankParams{"a", "b", std::vector<std::string>(17)}, model).ok());
  CHECK_THAT(validate(RankParams{"a", "", {"c"}}, model).error().message, Contains("suffix"));
}

TEST_CASE("Absurd values are refused by name and range", "[unit]") {
  CompletionParams params;
  CHECK(refusal(params) == "");

  params = {};
  params.n = 0;
  CHECK(refusal(params) == "n must be between 1 and 16, but is 0");
  params.n = 17;
  CHECK_THAT(refusal(params), Contains("n must be"));

  params = {};
  params.stop.max_tokens = 0;
  CHECK_THAT(refusal(params), Contains("max_tokens must be between 1 and 256"));

  params = {};
  params.sampler.temperature = -1;
  CHECK(refusal(params) == "temperature must be between 0 and 100, but is -1");
  params.sampler.temperature = std::numeric_limits<float>::quiet_NaN();
  CHECK_THAT(refusal(params), Contains("temperature"));
  params.sampler.temperature = std::numeric_limits<float>::infinity();
  CHECK_THAT(refusal(params), Contains("temperature"));

  params = {};
  params.sampler.top_p = 0;
  CHECK_THAT(refusal(params), Contains("top_p must be above 0 and at most 1"));
  params = {};
  params.sampler.min_p = 1.5f;
  CHECK(refusal(params) == "min_p must be between 0 and 1, but is 1.5");
  params = {};
  params.stop.min_probability = 1.5f;
  CHECK(refusal(params) == "min_probability must be between 0 and 1, but is 1.5");
  params.stop.min_probability = std::numeric_limits<float>::quiet_NaN();
  CHECK_THAT(refusal(params), Contains("min_probability"));
  params = {};
  params.stop.min_margin = -1;
  CHECK_THAT(refusal(params), Contains("min_margin must be between 0 and 1"));
  params = {};
  params.top = 65;
  CHECK_THAT(refusal(params), Contains("top must be between 0 and 64"));
}

TEST_CASE("Absurd sampler values are refused by name and range", "[unit]") {
  const auto refused = [](auto&& set) {
    CompletionParams params;
    set(params.sampler);
    return refusal(params);
  };
  CHECK(refused([](auto& s) { s.typical_p = 0; }) ==
        "typical_p must be above 0 and at most 1, but is 0");
  CHECK(refused([](auto& s) { s.top_n_sigma = -1; }) ==
        "top_n_sigma must be between 0 and 100, but is -1");
  CHECK_THAT(refused([](auto& s) { s.xtc.threshold = 2; }), Contains("xtc_threshold must be"));
  CHECK_THAT(refused([](auto& s) { s.xtc.probability = -1; }), Contains("xtc_probability must be"));
  CHECK_THAT(refused([](auto& s) { s.penalties.repeat = 0; }),
             Contains("repeat_penalty must be above 0 and at most 10"));
  CHECK_THAT(refused([](auto& s) { s.penalties.frequency = 11; }), Contains("frequency_penalty"));
  CHECK_THAT(refused([](auto& s) { s.penalties.presence = NAN; }), Contains("presence_penalty"));
  CHECK_THAT(refused([](auto& s) { s.dry.multiplier = -1; }), Contains("dry_multiplier"));
  CHECK_THAT(refused([](auto& s) { s.dry.base = 0.5f; }), Contains("dry_base"));
  CHECK_THAT(refused([](auto& s) { s.dry.allowed_length = 0; }), Contains("dry_allowed_length"));
  CHECK_THAT(refused([](auto& s) { s.dry.breakers = {""}; }), Contains("dry_breakers"));
  CHECK_THAT(refused([](auto& s) { s.dry.breakers.resize(65, "x"); }), Contains("at most 64"));
  CHECK_THAT(refused([](auto& s) { s.mirostat.tau = 21; }), Contains("mirostat_tau"));
  CHECK(refused([](auto& s) { s.bans.phrases = {""}; }) == "bans must not have an empty text");
  CHECK(refused([](auto& s) { s.bans.phrases = {"\xff"}; }) == "bans must be valid UTF-8");
  CHECK_THAT(refused([](auto& s) { s.bans.phrases = {std::string(1025, 'a')}; }), Contains("1024"));
  CHECK_THAT(refused([](auto& s) { s.bans.phrases.resize(300, std::string(1024, 'a')); }),
             Contains("262144 bytes in all"));
  CHECK_THAT(refused([](auto& s) { s.mirostat.eta = 2; }), Contains("mirostat_eta"));
  CHECK(refused([](auto& s) {
          s.logit_bias = {{1, "", 101}};
        }) == "logit_bias must be between -100 and 100, but is 101");
  CHECK_THAT(refused([](auto& s) { s.logit_bias = {{1, "a", 1}}; }), Contains("not both"));
  CHECK_THAT(refused([](auto& s) { s.logit_bias = {{{}, "", 1}}; }), Contains("an id or a text"));
  CHECK_THAT(refused([](auto& s) { s.logit_bias.resize(1025, {1, "", 1}); }), Contains("1024"));
}

TEST_CASE("Notes and lorebooks are refused by name where they make no sense", "[unit]") {
  CompletionParams params;
  params.notes_depth = 101;
  CHECK(refusal(params) == "notes_depth must be between 0 and 100, but is 101");
  params = {};
  params.lorebook_depth = 101;
  CHECK_THAT(refusal(params), Contains("lorebook_depth must be"));
  params = {};
  params.lorebook = {{{"Ann"}, "x"}, {{}, "y"}};
  CHECK_THAT(refusal(params), Contains("lorebook[1].keys must be between 1 and 64 texts"));
  params.lorebook[1].keys = {"a", " \n"};
  CHECK_THAT(refusal(params), Contains("lorebook[1].keys must not hold an empty text"));
  params.lorebook.assign(1025, {{"a"}, "x"});
  CHECK_THAT(refusal(params), Contains("lorebook must be at most 1024 entries"));
}
