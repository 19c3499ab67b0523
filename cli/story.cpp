// `understory story`: the tree beside a document, for scripts and for a look. Thin: every answer is
// the daemon's (PROTOCOL.md, "Stories").
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/daemon_starter.h"
#include "cli/request.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "protocol/story_messages.h"

namespace understory::cli {
namespace {

struct StoryOptions {
  CommonOptions common;
  std::string file;
  std::string tree;
  std::string query;
  std::string format;
  std::string output;
  std::uint64_t node = 0;
  bool trash = false;
  bool match_case = false;
  bool choose = false;
};

struct OpenStory {
  Connection connection;
  std::uint32_t story;

  template <class Params>
  typename Params::Result call(Params params) {
    params.story = story;
    return value_or_fail(connection.client.call(params));
  }
};

std::string absolute(const std::string& file) {
  return std::filesystem::absolute(file).string();
}

OpenStory open_story(const StoryOptions& options, bool create) {
  Connection connection = connect_or_fail(options.common);
  protocol::StoryOpenParams params;
  params.document = absolute(options.file);
  params.create = create;
  const std::uint32_t story = value_or_fail(connection.client.call(params)).story;
  return {std::move(connection), story};
}

/// One line, harmless to a terminal.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
  }
  return safe_for_terminal(text);
}

// Indented where there is a choice, so that a long chain stays at the left.
class TreePrinter {
 public:
  void print(const protocol::StoryNode& node) {
    const auto above = levels_.find(node.parent.value_or(0));
    const std::size_t level = above == levels_.end() ? 0 : above->second;
    levels_[node.id] = level + (node.children > 1 ? 1 : 0);
    if (!node.parent) return;  // the root has no text
    std::string line(2 * level, ' ');
    line += node.on_path ? "* " : "- ";
    line += std::to_string(node.id);
    if (node.trashed_ms) line += " (trash)";
    if (node.bookmarked) line += " (bookmark)";
    if (!node.name.empty()) line += " [" + one_line(node.name) + "]";
    line += node.origin == "typed" ? "" : " (" + node.origin + ")";
    write_all(STDOUT_FILENO, line + " " + one_line(node.preview) +
                                 (node.preview.size() < node.bytes ? " ...\n" : "\n"));
  }

 private:
  std::map<std::uint64_t, std::size_t> levels_;
};

int run_show(const StoryOptions& options) {
  OpenStory story = open_story(options, false);
  TreePrinter printer;
  protocol::StoryNodesParams params;
  params.trash = options.trash;
  for (bool more = true; more; params.skip += params.limit) {
    const protocol::StoryNodes page = story.call(params);
    for (const protocol::StoryNode& node : page.nodes) printer.print(node);
    more = page.more;
  }
  return kExitOk;
}

int run_export(const StoryOptions& options) {
  OpenStory story = open_story(options, false);
  protocol::StoryExportParams params;
  params.format = options.format;
  if (options.node != 0) params.node = options.node;
  const std::string text = story.call(params).text;
  if (options.output.empty()) {
    write_all(STDOUT_FILENO, text);
    return kExitOk;
  }
  std::ofstream out(options.output, std::ios::binary);
  out << text;
  if (!out.flush()) {
    throw CommandFailure(kExitFailed, {ErrorCode::kIo, "cannot write " + options.output});
  }
  return kExitOk;
}

int run_import(const StoryOptions& options) {
  OpenStory story = open_story(options, true);
  protocol::StoryImportParams params;
  params.path = absolute(options.tree);
  params.format = options.format;
  params.choose = options.choose;
  const protocol::StoryChange done = story.call(params);
  write_all(STDERR_FILENO, "imported " + std::to_string(done.nodes.size()) +
                               (done.nodes.size() == 1 ? " tree" : " trees") + "\n");
  return kExitOk;
}

int run_search(const StoryOptions& options) {
  OpenStory story = open_story(options, false);
  protocol::StorySearchParams params;
  params.query = options.query;
  params.match_case = options.match_case;
  params.trash = options.trash;
  params.limit = 0xffffffff;
  for (const protocol::StoryMatch& m : story.call(params).matches) {
    write_all(STDOUT_FILENO, std::to_string(m.node) + ":" + std::to_string(m.offset) + ": " +
                                 one_line(m.before + m.match + m.after) + "\n");
  }
  return kExitOk;
}

using RunStory = int (*)(const StoryOptions&);

CLI::App& add(CLI::App& story, const std::string& name, const std::string& what,
              const std::shared_ptr<StoryOptions>& options, Run& run, RunStory work) {
  CLI::App& command = *story.add_subcommand(name, what);
  command.add_option("file", options->file, "The document")->type_name("FILE")->required();
  add_common_options(command, options->common);
  command.callback([options, &run, work] { run = [options, work] { return work(*options); }; });
  return command;
}

}  // namespace

void add_story(CLI::App& app, Run& run) {
  const auto options = std::make_shared<StoryOptions>();
  CLI::App& story = *app.add_subcommand("story", "The tree of branches beside a document");
  story.require_subcommand(1);
  story.footer("Example:\n  understory story show novel.md");

  CLI::App& show = add(story, "show", "Draw the tree", options, run, run_show);
  show.add_flag("--trash", options->trash, "With what is in the trash");
  show.footer("Each line: node, first words. * is on the manuscript's path.");

  CLI::App& out =
      add(story, "export", "Print the manuscript, or the tree", options, run, run_export);
  options->format = "text";
  out.add_option("--format", options->format, "How")
      ->check(CLI::IsMember({"text", "json", "markdown", "pyloom", "loomsidian"}))
      ->capture_default_str();
  out.add_option("--node", options->node, "With text: the path to this node")->type_name("ID");
  out.add_option("-o,--output", options->output, "Write to a file")->type_name("FILE");
  out.footer("Example:\n  understory story export novel.md --format markdown -o branches.md");

  const auto into = std::make_shared<StoryOptions>();
  CLI::App& in =
      add(story, "import", "Add a tree of this or another program", into, run, run_import);
  into->format = "auto";
  in.add_option("tree", into->tree, "JSON of Understory, pyloom or loomsidian, or a text")
      ->type_name("TREE")
      ->required();
  in.add_option("--format", into->format, "What it is")
      ->check(CLI::IsMember({"auto", "text", "json", "pyloom", "loomsidian"}))
      ->capture_default_str();
  in.add_flag("--choose", into->choose,
              "The manuscript becomes what was current there; the document is not written");

  CLI::App& search = add(story, "search", "Find words in all branches", options, run, run_search);
  search.add_option("query", options->query, "The words")->type_name("TEXT")->required();
  search.add_flag("--case", options->match_case, "Tell capital letters from small ones");
  search.add_flag("--trash", options->trash, "In the trash too");
  search.footer("Each line: node, offset in it in bytes, the words with some around them.");
}

}  // namespace understory::cli
