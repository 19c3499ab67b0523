// `understory complete`: continues a text.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/daemon_starter.h"
#include "cli/format.h"
#include "cli/input.h"
#include "cli/json_output.h"
#include "cli/lorebook_file.h"
#include "cli/painter.h"
#include "cli/request.h"
#include "cli/sampler_options.h"
#include "cli/terminal.h"
#include "cli/validators.h"

namespace understory::cli {
namespace {

struct Options {
  CommonOptions common;
  protocol::CompleteParams params;
  std::string text;
  std::string file;
  std::string suffix_file;
  std::string notes_file;
  std::string lorebook_file;
  CLI::Option* text_given = nullptr;
  CLI::Option* file_given = nullptr;
  std::optional<bool> echo;  // absent: on a terminal
  bool json = false;
  bool timings = false;
  ColourChoice colour = ColourChoice::kAutomatic;
};

void say(const std::string& line) {
  write_all(STDERR_FILENO, "understory: " + line + "\n");
}

std::unique_ptr<Painter> make_painter(const Options& options, const Paint& paint) {
  const bool echo = options.echo.value_or(paint.is_terminal());
  const std::string& prefix = options.params.prefix;
  if (options.params.n == 1) return make_stream_painter(paint, prefix, echo);
  if (!paint.is_terminal()) return make_list_painter(prefix, echo);
  return make_block_painter(paint, prefix, echo, options.params.n);
}

void report_dropped(const protocol::Timings& timings) {
  if (timings.dropped_tokens == 0) return;
  say("the text is longer than the model's context; its oldest " +
      std::to_string(timings.dropped_tokens) + " tokens were left out");
}

void report_lorebook(const protocol::ContextUse& context) {
  if (context.lorebook_left_out.empty()) return;
  say(format("%zu lorebook entries were left out for want of room",
             context.lorebook_left_out.size()));
}

void report_timings(const protocol::Timings& t) {
  say(format("%u prompt tokens (%u cached), first token after %.0f ms, then %.1f tokens/s",
             t.prompt_tokens, t.cached_tokens, t.ttft_ms, t.decode_tok_s));
}

void report_suppressed(const std::vector<protocol::Branch>& branches) {
  for (std::size_t i = 0; i < branches.size(); ++i) {
    if (branches[i].suppressed.empty()) continue;
    const std::string which =
        branches.size() == 1 ? "the suggestion" : "branch " + std::to_string(i + 1);
    say(which + " is not shown (" + branches[i].suppressed + "); --no-suppress shows it");
  }
}

void report_order(const protocol::CompleteResult& result) {
  if (result.order.size() < 2) return;
  std::string line = "best bridge first:";
  for (const std::uint32_t branch : result.order) {
    if (branch >= result.branches.size() || !result.branches[branch].bridge_logprob) continue;
    line += format(" [%u] %.3f", branch + 1, *result.branches[branch].bridge_logprob);
  }
  say(line + " nats a byte");
}

bool was_cancelled(const protocol::CompleteResult& result) {
  for (const auto& branch : result.branches) {
    if (branch.finish_reason == "cancelled") return true;
  }
  return false;
}

/// Streams to stdout. Nothing is painted before the daemon has taken the request, so that an
/// error stands alone.
Result<protocol::CompleteResult> stream(const Options& options, protocol::Client& client) {
  const Paint paint(STDOUT_FILENO, options.colour);
  std::unique_ptr<Painter> painter;
  bool reader_is_gone = false;
  const auto started = [&]() -> Painter& {
    if (!painter) painter = make_painter(options, paint);
    return *painter;
  };
  client.on_chunk([&](const protocol::ChunkNotice& chunk) {
    if (!started().chunk(chunk.branch, chunk.text)) reader_is_gone = true;
  });
  Result<protocol::CompleteResult> result =
      call_interruptibly(client, options.params, [&] { return reader_is_gone; });
  client.on_chunk({});
  if (result) {
    started().finish(result->branches);
  } else if (painter && paint.is_terminal()) {
    write_all(STDOUT_FILENO, "\n");
  }
  return result;
}

int run_complete(Options& options) {
  const auto given = [](const CLI::Option* option, const std::string& value) {
    return option->count() > 0 ? std::optional<std::string>(value) : std::nullopt;
  };
  options.params.prefix = usable_or_fail(
      read_text(given(options.text_given, options.text), given(options.file_given, options.file)));
  if (!options.suffix_file.empty())
    options.params.suffix = usable_or_fail(read_file(options.suffix_file));
  if (!options.notes_file.empty())
    options.params.notes = usable_or_fail(read_file(options.notes_file));
  if (!options.lorebook_file.empty())
    options.params.lorebook = usable_or_fail(read_lorebook(options.lorebook_file));
  options.params.stream = !options.json;

  Connection connection = connect_or_fail(options.common);
  const InterruptWatch watch;
  Result<protocol::CompleteResult> result =
      options.json ? call_interruptibly(connection.client, options.params)
                   : stream(options, connection.client);
  if (!result && result.error().code == ErrorCode::kCancelled) return kExitCancelled;
  const protocol::CompleteResult completed = value_or_fail(std::move(result));
  if (options.json) write_all(STDOUT_FILENO, to_json(completed) + "\n");
  if (!options.json) {
    report_suppressed(completed.branches);
    report_order(completed);
  }
  report_dropped(completed.timings);
  report_lorebook(completed.context);
  if (options.timings) report_timings(completed.timings);
  return is_interrupted() && was_cancelled(completed) ? kExitCancelled : kExitOk;
}

void add_stop_options(CLI::App& command, protocol::CompleteParams& params) {
  command
      .add_option("--min-probability", params.min_probability,
                  "End before a token less likely than P; 0 is off")
      ->type_name("P")
      ->capture_default_str();
  command
      .add_option("--min-margin", params.min_margin,
                  "End where the likeliest token leads the second by less than P; 0 is off")
      ->type_name("P")
      ->capture_default_str();
  command
      .add_option("--rank", params.rank,
                  "With a suffix: 'bridge' says which branch the suffix follows best")
      ->type_name("HOW")
      ->check(CLI::IsMember({"none", "bridge"}))
      ->capture_default_str();
  command
      .add_option("--time-budget-ms", params.time_budget_ms,
                  "End after this many milliseconds with what is there; 0 is off")
      ->check(whole_number<std::uint32_t>())
      ->type_name("MS")
      ->capture_default_str();
}

void add_text_options(CLI::App& command, protocol::CompleteParams& params) {
  command.add_option("-n,--n", params.n, "Different continuations, 1 to 16")
      ->check(whole_number<std::uint32_t>())
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--max-tokens", params.max_tokens, "End after this many tokens")
      ->check(whole_number<std::uint32_t>())
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--until", params.until, "End after the first word, sentence, line or paragraph")
      ->type_name("UNIT")
      ->check(CLI::IsMember({"none", "word", "sentence", "line", "paragraph"}))
      ->capture_default_str();
  add_stop_options(command, params);
  command.add_flag_callback(
      "--no-suppress", [&params] { params.suppress = false; },
      "Show junk and near-duplicates as well");
  command.add_flag_callback(
      "--no-healing", [&params] { params.healing = false; },
      "Take a word that the text ends in the middle of as it stands");
}

void add_notes_options(CLI::App& command, Options& options) {
  protocol::CompleteParams& params = options.params;
  CLI::Option* const notes =
      command
          .add_option("--notes", params.notes,
                      "What the model is to read besides the text: an author's note, characters, "
                      "a sample of style")
          ->type_name("TEXT");
  command.add_option("--notes-file", options.notes_file, "Read the notes from a file")
      ->type_name("FILE")
      ->excludes(notes);
  command
      .add_option("--notes-depth", params.notes_depth,
                  "Put the notes about N paragraphs before the end; 0: before the text")
      ->check(whole_number<std::uint32_t>())
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--lorebook", options.lorebook_file,
                  "A JSON file of notes that join in when a key occurs in the text's last part: "
                  "[{\"keys\": [\"Ann\"], \"text\": \"Ann is the maid.\"}]")
      ->type_name("FILE");
  command
      .add_option("--lorebook-depth", params.lorebook_depth,
                  "Put them about N paragraphs before the end; 0: before the text")
      ->check(whole_number<std::uint32_t>())
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--prefix-offset", params.prefix_offset,
                  "The text is the last part of a longer one: bytes before it")
      ->check(whole_number<std::uint64_t>())
      ->type_name("BYTES");
  command
      .add_option("--document", params.document,
                  "The text's name; over one connection a new request of that name replaces the "
                  "last one")
      ->type_name("NAME");
  command.add_flag_callback(
      "--no-prefetch", [&params] { params.prefetch = false; },
      "Do not think ahead of the suggestion, nor go on with the document's last one");
}

}  // namespace

void add_complete(CLI::App& app, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = *app.add_subcommand("complete", "Continue a text");
  options->text_given =
      command.add_option("text", options->text, "The text before the cursor; '-' reads stdin")
          ->type_name("TEXT");
  options->file_given = command.add_option("-f,--file", options->file, "Read the text from a file")
                            ->type_name("FILE");
  add_text_options(command, options->params);
  CLI::Option* suffix =
      command
          .add_option("--suffix", options->params.suffix,
                      "The text after the cursor; suggestions end where they meet it")
          ->type_name("TEXT");
  command.add_option("--suffix-file", options->suffix_file, "Read that text from a file")
      ->type_name("FILE")
      ->excludes(suffix);
  add_sampler_options(command, options->params);
  add_notes_options(command, *options);
  command
      .add_option("--top", options->params.top,
                  "With --json: the N likeliest tokens beside each token, 0 to 64")
      ->check(whole_number<std::uint32_t>())
      ->type_name("N");
  command.add_flag("--json", options->json, "One JSON object at the end; see cli/README.md");
  command.add_flag_callback(
      "--echo", [options] { options->echo = true; },
      "Print the text itself too; the default on a terminal");
  command.add_flag_callback(
      "--no-echo", [options] { options->echo = false; }, "Print the continuation alone");
  command.add_flag("--timings", options->timings, "Say on stderr how long it took");
  command.add_option("--color", options->colour, "When to colour: auto, always or never")
      ->type_name("WHEN")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, ColourChoice>{{"auto", ColourChoice::kAutomatic},
                                                          {"always", ColourChoice::kAlways},
                                                          {"never", ColourChoice::kNever}})
                      .description(""));
  add_common_options(command, options->common);
  command.footer(
      "Examples:\n"
      "  understory complete 'It was raining when'\n"
      "  understory complete --n 3 --until sentence 'She opened the letter and'\n"
      "  understory complete --file chapter1.md --max-tokens 200\n"
      "  understory complete --preset wild --dry-multiplier 1 'Nobody had told her that'\n"
      "  understory complete --ban 'a shiver' --ban-file cliches.txt 'It was only when'\n"
      "  understory complete --logit-bias suddenly=-100 --mirostat-tau 4 'The lamp went out.'\n"
      "  understory complete -- '--and then she laughed'");
  command.callback([options, &run] { run = [options] { return run_complete(*options); }; });
}

}  // namespace understory::cli
