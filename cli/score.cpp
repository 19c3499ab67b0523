// `understory score`: how likely the model finds a text.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/daemon_starter.h"
#include "cli/format.h"
#include "cli/input.h"
#include "cli/json_output.h"
#include "cli/request.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/validators.h"

namespace understory::cli {
namespace {

struct Options {
  CommonOptions common;
  std::string file;
  std::uint32_t top = 0;
  bool json = false;
  bool summary = false;
};

/// "  -3.214   17 "was""; with the likeliest tokens behind it.
std::string token_line(const protocol::ScoredToken& token) {
  std::string line = format("%9.3f %7u  ", token.logprob, token.id) + quote_text(token.text);
  for (const auto& top : token.top) {
    line += format("   %.3f ", top.logprob) + quote_text(top.text);
  }
  return line + "\n";
}

std::string summary(const protocol::ScoreResult& result) {
  if (result.tokens.empty()) return "no tokens\n";
  const double nats_per_token = result.nats / static_cast<double>(result.tokens.size());
  return format("%zu tokens, %llu bytes, %.3f nats, %.4f bits a byte, perplexity %.2f a token\n",
                result.tokens.size(), static_cast<unsigned long long>(result.bytes), result.nats,
                result.bits_per_byte, std::exp(nats_per_token));
}

int run_score(const Options& options) {
  protocol::ScoreParams params;
  params.text = usable_or_fail(read_file(options.file));
  params.top = options.top;
  Connection connection = connect_or_fail(options.common);
  const InterruptWatch watch;
  const protocol::ScoreResult result = value_or_fail(call_interruptibly(connection.client, params));
  std::string out;
  if (options.json) {
    out = to_json(result) + "\n";
  } else {
    if (!options.summary) {
      for (const auto& token : result.tokens) out += token_line(token);
    }
    out += summary(result);
  }
  write_all(STDOUT_FILENO, out);
  return kExitOk;
}

}  // namespace

void add_score(CLI::App& app, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      *app.add_subcommand("score", "How likely the model finds a text, token by token");
  command.add_option("file", options->file, "The text; '-' reads stdin")
      ->type_name("FILE")
      ->required();
  command.add_option("--top", options->top, "The N likeliest tokens beside each token, 0 to 64")
      ->check(whole_number<std::uint32_t>())
      ->type_name("N");
  command.add_flag("--summary", options->summary, "Only the line with the sums");
  command.add_flag("--json", options->json, "One JSON object; see cli/README.md");
  add_common_options(command, options->common);
  command.footer(
      "Each line: log-probability in nats, token id, token. Examples:\n"
      "  understory score chapter1.md --summary\n"
      "  echo 'It was raining.' | understory score - --top 3");
  command.callback([options, &run] { run = [options] { return run_score(*options); }; });
}

}  // namespace understory::cli
