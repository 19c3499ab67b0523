#include "daemon/requests/presets.h"

#include <catch2/catch.hpp>

#include "daemon/preset_config.h"

using namespace understory;
using namespace understory::requests;
using Catch::Matchers::Contains;

namespace {

engine::SamplerParams resolved(const Presets& presets, const std::string& name,
                               const protocol::SamplerKeys& keys = {}) {
  const auto params = presets.resolve(name, keys);
  REQUIRE(params.ok());
  return *params;
}

/// Reads the text of a configuration file; "line: what" where it is wrong.
std::string read(const char* text, std::map<std::string, protocol::SamplerKeys>& presets) {
  const toml::table table = toml::parse(text);
  const Status read = daemon::read_presets(
      *table.get("presets"),
      [](const toml::source_region& where, const std::string& what) {
        return Error{ErrorCode::kInvalidArgument, std::to_string(where.begin.line) + ": " + what};
      },
      presets);
  return read.ok() ? "" : read.error().message;
}

std::string refusal(const char* text) {
  std::map<std::string, protocol::SamplerKeys> presets;
  return read(text, presets);
}

}  // namespace

TEST_CASE("No preset and base are neutral", "[unit]") {
  const Presets presets;
  for (const char* name : {"", "base"}) {
    const auto params = resolved(presets, name);
    CHECK(params.temperature == 1);
    CHECK(params.min_p == 0.05f);
    CHECK(params.top_p == 1);
    CHECK(params.penalties.is_off());
    CHECK(params.dry.multiplier == 0);
  }
}

TEST_CASE("Explicit keys win over a preset, and it over the defaults", "[unit]") {
  const Presets presets;
  protocol::SamplerKeys keys;
  keys.dry_multiplier = 0;
  const auto params = resolved(presets, "wild", keys);
  CHECK(params.temperature == 1.4f);
  CHECK(params.dry.multiplier == 0);
  CHECK(params.xtc.probability == 0.5f);
}

TEST_CASE("Every built-in preset is within the ranges", "[unit]") {
  const Presets presets;
  CHECK(presets.names() == std::vector<std::string>{"base", "focused", "wild"});
  for (const std::string& name : presets.names()) CHECK(validate(resolved(presets, name)).ok());
}

TEST_CASE("A preset that does not exist is refused with those that do", "[unit]") {
  const Presets presets(std::map<std::string, protocol::SamplerKeys>{{"noir", {}}});
  const auto params = presets.resolve("nior", {});
  REQUIRE_FALSE(params.ok());
  CHECK(params.error().code == ErrorCode::kInvalidArgument);
  CHECK(params.error().message == "there is no preset 'nior'; there are base, focused, noir, wild");
}

TEST_CASE("The configuration file's presets have the protocol's keys", "[unit]") {
  std::map<std::string, protocol::SamplerKeys> own;
  CHECK(read(R"([presets.noir]
temperature = 1
dry_multiplier = 0.75
top_k = 40
dry_breakers = ["\n", "--"]
bans = ["a shiver"]
ban_ignore_case = false
logit_bias = [{text = "suddenly", bias = -4}, {id = 7, bias = -100}]
[presets.base]
min_p = 0.2
)",
             own) == "");
  const Presets presets(own);
  const auto noir = resolved(presets, "noir");
  CHECK(noir.dry.multiplier == 0.75f);
  CHECK(noir.top_k == 40);
  CHECK(noir.bans.phrases == std::vector<std::string>{"a shiver"});
  CHECK_FALSE(noir.bans.ignore_case);
  CHECK(noir.dry.breakers == std::vector<std::string>{"\n", "--"});
  CHECK(noir.logit_bias == std::vector<engine::LogitBias>{{{}, "suddenly", -4}, {7, "", -100}});
  CHECK(resolved(presets, "base").min_p == 0.2f);  // a writer's own wins
}

TEST_CASE("Mistakes in presets are told with their line", "[unit]") {
  CHECK(refusal("[presets.x]\ntemprature = 1") ==
        "2: preset 'x': there is no setting 'temprature'");
  CHECK(refusal("[presets.x]\ntop_k = 1.5") ==
        "2: preset 'x': 'top_k' must be a whole number from 0 to 4294967295");
  CHECK(refusal("[presets.x]\nmin_p = '1'") == "2: preset 'x': 'min_p' must be a number");
  CHECK(refusal("[presets.x]\nmin_p = 2") ==
        "1: preset 'x': min_p must be between 0 and 1, but is 2");
  CHECK(refusal("presets = 3") == "1: 'presets' must be tables [presets.NAME]");
  CHECK(refusal("[presets]\nx = 3") == "2: preset 'x' must be a table [presets.x]");
  CHECK_THAT(refusal("[presets.x]\nlogit_bias = [{bias = 1, word = 'a'}]"),
             Contains("2: preset 'x': 'logit_bias' must be an array"));
  CHECK_THAT(refusal("[presets.x]\nlogit_bias = [{text = 'a'}]"), Contains("'logit_bias' must be"));
}
