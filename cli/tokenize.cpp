// `understory tokenize` and `understory detokenize`: a text as the model sees it, and back.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/daemon_starter.h"
#include "cli/input.h"
#include "cli/json_output.h"
#include "cli/request.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/validators.h"

namespace understory::cli {
namespace {

struct TokenizeOptions {
  CommonOptions common;
  std::string text;
  std::string file;
  CLI::Option* text_given = nullptr;
  CLI::Option* file_given = nullptr;
  bool add_bos = false;
  bool json = false;
};

int run_tokenize(const TokenizeOptions& options) {
  const auto given = [](const CLI::Option* option, const std::string& value) {
    return option->count() > 0 ? std::optional<std::string>(value) : std::nullopt;
  };
  protocol::TokenizeParams params;
  params.text = usable_or_fail(
      read_text(given(options.text_given, options.text), given(options.file_given, options.file)));
  params.add_bos = options.add_bos;
  params.pieces = true;
  Connection connection = connect_or_fail(options.common);
  const protocol::TokenizeResult result = value_or_fail(connection.client.call(params));
  std::string out;
  if (options.json) {
    out = to_json(result) + "\n";
  } else {
    for (std::size_t i = 0; i < result.ids.size(); ++i) {
      out += std::to_string(result.ids[i]);
      if (result.pieces && i < result.pieces->size()) out += "\t" + quote_text((*result.pieces)[i]);
      out += "\n";
    }
  }
  write_all(STDOUT_FILENO, out);
  return kExitOk;
}

struct DetokenizeOptions {
  CommonOptions common;
  std::vector<std::uint32_t> ids;
  bool json = false;
};

/// Whole numbers apart by spaces, newlines or commas.
std::vector<std::uint32_t> parse_ids(const std::string& text) {
  std::vector<std::uint32_t> ids;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    if (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r' || *at == ',') {
      ++at;
      continue;
    }
    std::uint32_t id = 0;
    const auto [next, failure] = std::from_chars(at, end, id);
    if (failure != std::errc()) {
      throw CommandFailure(kExitUsage,
                           {ErrorCode::kInvalidArgument,
                            "token ids are whole numbers apart by spaces, but there is " +
                                quote_text(std::string(at, std::min(end, at + 10)))});
    }
    ids.push_back(id);
    at = next;
  }
  return ids;
}

int run_detokenize(const DetokenizeOptions& options) {
  protocol::DetokenizeParams params;
  params.ids = options.ids;
  if (params.ids.empty()) {
    params.ids = parse_ids(usable_or_fail(read_text(std::nullopt, std::nullopt)));
  }
  Connection connection = connect_or_fail(options.common);
  const protocol::DetokenizeResult result = value_or_fail(connection.client.call(params));
  write_all(STDOUT_FILENO, options.json ? to_json(result) + "\n" : result.text);
  if (!options.json && isatty(STDOUT_FILENO) == 1) write_all(STDOUT_FILENO, "\n");
  return kExitOk;
}

}  // namespace

void add_tokenize(CLI::App& app, Run& run) {
  const auto options = std::make_shared<TokenizeOptions>();
  CLI::App& command = *app.add_subcommand("tokenize", "The tokens that a text is to the model");
  options->text_given =
      command.add_option("text", options->text, "The text; '-' reads stdin")->type_name("TEXT");
  options->file_given = command.add_option("-f,--file", options->file, "Read the text from a file")
                            ->type_name("FILE");
  command.add_flag("--bos", options->add_bos, "With the token that begins a text, if there is one");
  command.add_flag("--json", options->json, "One JSON object; see cli/README.md");
  add_common_options(command, options->common);
  command.footer("Each line: token id, token. Example:\n  understory tokenize 'It was raining.'");
  command.callback([options, &run] { run = [options] { return run_tokenize(*options); }; });
}

void add_detokenize(CLI::App& app, Run& run) {
  const auto options = std::make_shared<DetokenizeOptions>();
  CLI::App& command = *app.add_subcommand("detokenize", "The text that token ids stand for");
  command.add_option("ids", options->ids, "Token ids; without any they are read from stdin")
      ->check(whole_number<std::uint32_t>())
      ->type_name("ID");
  command.add_flag("--json", options->json, "One JSON object; see cli/README.md");
  add_common_options(command, options->common);
  command.footer("Example:\n  understory tokenize 'It was' | cut -f1 | understory detokenize");
  command.callback([options, &run] { run = [options] { return run_detokenize(*options); }; });
}

}  // namespace understory::cli
