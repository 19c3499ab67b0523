#include "cli/sampler_options.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string>
#include <vector>

#include "cli/input.h"
#include "cli/validators.h"

namespace understory::cli {
namespace {

constexpr const char* kGroup = "Samplers";

CLI::Option& add_number(CLI::App& command, const char* name, std::optional<float>& key,
                        const char* neutral, const char* help) {
  return *command.add_option(name, key, help)->type_name("X")->default_str(neutral)->group(kGroup);
}

CLI::Option& add_count(CLI::App& command, const char* name, std::optional<std::uint32_t>& key,
                       const char* neutral, const char* help) {
  return *command.add_option(name, key, help)
              ->check(whole_number<std::uint32_t>())
              ->type_name("N")
              ->default_str(neutral)
              ->group(kGroup);
}

/// "TOKEN=BIAS", where TOKEN is a text or a token's number.
protocol::LogitBias parse_bias(const std::string& given) {
  const auto refuse = [&] {
    throw CLI::ValidationError("--logit-bias",
                               "must be TOKEN=BIAS, as in sigh=-4, but is '" + given + "'");
  };
  const std::size_t at = given.rfind('=');
  if (at == std::string::npos || at == 0) refuse();
  protocol::LogitBias entry;
  const std::string token = given.substr(0, at);
  const char* const end = given.data() + given.size();
  const auto parsed = std::from_chars(given.data() + at + 1, end, entry.bias);
  if (parsed.ec != std::errc() || parsed.ptr != end) refuse();
  std::uint32_t id = 0;
  const auto number = std::from_chars(token.data(), token.data() + token.size(), id);
  if (number.ec == std::errc() && number.ptr == token.data() + token.size())
    entry.id = id;
  else
    entry.text = token;
  return entry;
}

/// One phrase a line; blank lines and the line breaks of either system do not count.
std::vector<std::string> read_phrases(const std::string& file) {
  const Result<std::string> text = read_file(file);
  if (!text) throw CLI::ValidationError("--ban-file", text.error().message);
  std::vector<std::string> phrases;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t") != std::string::npos) phrases.push_back(line);
  }
  return phrases;
}

void add_bans(CLI::App& command, protocol::SamplerKeys& keys) {
  const auto ban = [&keys](const std::vector<std::string>& phrases) {
    if (!keys.bans) keys.bans.emplace();
    keys.bans->insert(keys.bans->end(), phrases.begin(), phrases.end());
  };
  command
      .add_option_function<std::vector<std::string>>(
          "--ban", ban, "A phrase that must not come, in upper or lower case; may be repeated")
      ->allow_extra_args(false)
      ->type_name("TEXT")
      ->group(kGroup);
  command
      .add_option_function<std::string>(
          "--ban-file", [ban](const std::string& file) { ban(read_phrases(file)); },
          "Such phrases from a file, one a line")
      ->type_name("FILE")
      ->group(kGroup);
  command
      .add_flag_callback(
          "--ban-exact-case", [&keys] { keys.ban_ignore_case = false; },
          "Ban phrases only as they are written")
      ->group(kGroup);
}

void add_truncation(CLI::App& command, protocol::SamplerKeys& keys) {
  add_number(command, "--temperature", keys.temperature, "1",
             "0 always takes the likeliest token, more is bolder, 0 to 100");
  add_count(command, "--top-k", keys.top_k, "0", "Only the N likeliest tokens; 0 is off");
  add_number(command, "--top-p", keys.top_p, "1",
             "Only the likeliest tokens that make up this probability; 1 is off");
  add_number(command, "--min-p", keys.min_p, "0.05",
             "Only tokens this many times as likely as the likeliest; 0 is off");
  add_number(command, "--typical-p", keys.typical_p, "1",
             "Only tokens of usual surprise that make up this probability; 1 is off");
  add_number(command, "--top-n-sigma", keys.top_n_sigma, "0",
             "Only logits within this many standard deviations of the highest; 0 is off");
  add_number(command, "--xtc-threshold", keys.xtc_threshold, "0.1",
             "With --xtc-probability: what counts as an obvious token");
  add_number(command, "--xtc-probability", keys.xtc_probability, "0",
             "How often all obvious tokens but the least likely are out; 0 is off");
  add_number(command, "--mirostat-tau", keys.mirostat_tau, "0",
             "Hold the surprise near this many bits a token, in place of the above; 0 is off");
  add_number(command, "--mirostat-eta", keys.mirostat_eta, "0.1", "How fast mirostat corrects");
}

void add_penalties(CLI::App& command, protocol::SamplerKeys& keys) {
  add_number(command, "--repeat-penalty", keys.repeat_penalty, "1",
             "Divide the logits of tokens that were there; 1 is off");
  add_number(command, "--frequency-penalty", keys.frequency_penalty, "0",
             "Lower a token's logit for each time it was there");
  add_number(command, "--presence-penalty", keys.presence_penalty, "0",
             "Lower a token's logit where it was there at all");
  add_count(command, "--penalty-window", keys.penalty_window, "256",
            "Tokens that these three look back");
  add_number(command, "--dry-multiplier", keys.dry_multiplier, "0",
             "Against repeated phrases: weight of the penalty; 0 is off");
  add_number(command, "--dry-base", keys.dry_base, "1.75",
             "Growth of that penalty with each token of the repetition");
  add_count(command, "--dry-allowed-length", keys.dry_allowed_length, "2",
            "Repetitions that are no longer are free");
  add_count(command, "--dry-window", keys.dry_window, "1024",
            "Tokens that are searched for repetitions");
  command
      .add_option_function<std::vector<std::string>>(
          "--dry-breaker",
          [&keys](const std::vector<std::string>& given) { keys.dry_breakers = given; },
          "No repetition runs across this text; may be repeated; in place of line break : \" *")
      ->allow_extra_args(false)
      ->type_name("TEXT")
      ->group(kGroup);
}

}  // namespace

void add_sampler_options(CLI::App& command, protocol::CompleteParams& params) {
  command
      .add_option("--preset", params.preset,
                  "Sampler settings with a name: base, focused, wild, or one of the "
                  "configuration file; other options win")
      ->type_name("NAME")
      ->group(kGroup);
  command.add_option("--seed", params.seed, "The same seed gives the same text")
      ->check(whole_number<std::uint64_t>())
      ->type_name("N")
      ->group(kGroup);
  add_bans(command, params);
  add_truncation(command, params);
  add_penalties(command, params);
  command
      .add_option_function<std::vector<std::string>>(
          "--logit-bias",
          [&params](const std::vector<std::string>& given) {
            auto& entries = params.logit_bias.emplace();
            std::transform(given.begin(), given.end(), std::back_inserter(entries), parse_bias);
          },
          "Add to a token's logit, as in sigh=-4; the token is a text or a number, -100 means "
          "never; may be repeated")
      ->allow_extra_args(false)
      ->type_name("TOKEN=BIAS")
      ->group(kGroup);
}

}  // namespace understory::cli
