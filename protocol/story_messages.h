// Messages of story trees: what each `story.*` method takes and answers. PROTOCOL.md, "Stories",
// describes every field. Offsets and lengths are bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/messages.h"

namespace understory::protocol {

// --- what several messages share ---------------------------------------------------------

struct StorySplice {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // taken out
  std::string text;          // put in
};

/// What a method did; the answer of all that change a story.
struct StoryChange {
  bool applied = true;
  std::string kind;
  std::uint64_t revision = 0;
  std::uint64_t current = 0;
  std::vector<std::uint64_t> nodes;
  std::optional<StorySplice> splice;
  std::optional<std::uint64_t> hoisted;
};

struct StoryGeneration {
  std::uint64_t id = 0;
  std::string model;
  std::string params;  // JSON
  std::uint64_t seed = 0;
  std::string prompt_hash;
  double mean_logprob = 0;
  std::string finish_reason;
  std::uint64_t created_ms = 0;
};

/// [offset, offset + length) of the text beside it is of the model, if the story has not got it
/// yet.
struct StoryTaken {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  StoryGeneration generation;
};

struct StorySpan {
  std::uint64_t bytes = 0;
  std::string origin;                       // "typed", "model", "edited"
  std::optional<std::uint64_t> generation;  // of a node's spans
  std::optional<std::uint64_t> node;        // of a path's spans
};

struct StoryNode {
  std::uint64_t id = 0;
  std::optional<std::uint64_t> parent;
  std::uint32_t depth = 0;
  std::uint64_t bytes = 0;
  std::string preview;
  std::uint32_t children = 0;
  std::string origin;
  bool on_path = false;
  bool current = false;
  bool bookmarked = false;
  std::uint64_t created_ms = 0;
  std::uint64_t modified_ms = 0;
  std::string name;
  std::optional<std::uint64_t> trashed_ms;
  std::optional<double> mean_logprob;
  std::optional<std::uint64_t> offset;
  std::optional<std::string> text;
  std::vector<StorySpan> spans;
  std::vector<StoryGeneration> generations;
};

struct StoryNodes {
  std::vector<StoryNode> nodes;
  bool more = false;
};

// --- opening -----------------------------------------------------------------------------

struct StoryOpenResult {
  std::uint32_t story = 0;
  std::string sidecar;
  bool beside_document = true;
  bool created = false;
  bool merged = false;
  std::uint64_t revision = 0;
  std::uint64_t root = 0;
  std::uint64_t current = 0;
  std::optional<std::uint64_t> hoisted;
  std::uint64_t nodes = 0;
  std::uint64_t bytes = 0;
  std::string undo;
  std::string redo;
};

struct StoryOpenParams {
  using Result = StoryOpenResult;
  static constexpr std::string_view kMethod = "story.open";
  std::string document;
  std::optional<std::string> text;
  bool create = true;
  std::vector<StoryTaken> taken;
};

struct StoryCloseResult {};

struct StoryCloseParams {
  using Result = StoryCloseResult;
  static constexpr std::string_view kMethod = "story.close";
  std::uint32_t story = 0;
};

// --- reading -----------------------------------------------------------------------------

struct StoryTextResult {
  std::string text;
  std::uint64_t revision = 0;
  std::uint64_t current = 0;
  std::vector<StorySpan> spans;
};

struct StoryTextParams {
  using Result = StoryTextResult;
  static constexpr std::string_view kMethod = "story.text";
  std::uint32_t story = 0;
  std::optional<std::uint64_t> node;
  bool spans = false;
};

struct StoryPathParams {
  using Result = StoryNodes;
  static constexpr std::string_view kMethod = "story.path";
  std::uint32_t story = 0;
  std::optional<std::uint64_t> node;
  std::uint32_t last = 1000;
};

struct StoryNodeResult {
  StoryNode node;
};

struct StoryNodeParams {
  using Result = StoryNodeResult;
  static constexpr std::string_view kMethod = "story.node";
  std::uint32_t story = 0;
  std::uint64_t node = 0;
};

struct StoryNodesParams {
  using Result = StoryNodes;
  static constexpr std::string_view kMethod = "story.nodes";
  std::uint32_t story = 0;
  std::optional<std::uint64_t> node;
  std::uint32_t depth = 0xffffffff;
  std::uint32_t limit = 1000;
  std::uint32_t skip = 0;
  bool trash = false;
  bool texts = false;
};

struct StoryPathsParams {
  using Result = StoryNodes;
  static constexpr std::string_view kMethod = "story.paths";
  std::uint32_t story = 0;
  std::optional<std::uint64_t> node;
  std::uint32_t limit = 1000;
  std::uint32_t skip = 0;
};

struct StoryTrashParams {
  using Result = StoryNodes;
  static constexpr std::string_view kMethod = "story.trash";
  std::uint32_t story = 0;
  std::uint32_t limit = 1000;
  std::uint32_t skip = 0;
};

struct StoryMatch {
  std::uint64_t node = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string before;
  std::string match;
  std::string after;
};

struct StorySearchResult {
  std::vector<StoryMatch> matches;
  bool more = false;
};

struct StorySearchParams {
  using Result = StorySearchResult;
  static constexpr std::string_view kMethod = "story.search";
  std::uint32_t story = 0;
  std::string query;
  std::optional<std::uint64_t> node;
  bool match_case = false;
  bool trash = false;
  std::uint32_t limit = 100;
};

struct StoryHunk {
  std::uint64_t a_offset = 0;
  std::string a_text;
  std::uint64_t b_offset = 0;
  std::string b_text;
};

struct StoryDiffResult {
  std::uint64_t ancestor = 0;
  std::uint64_t shared_bytes = 0;
  std::vector<StoryHunk> hunks;
};

struct StoryDiffParams {
  using Result = StoryDiffResult;
  static constexpr std::string_view kMethod = "story.diff";
  std::uint32_t story = 0;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
};

struct StoryCompareResult {
  std::uint64_t ancestor = 0;
  std::uint64_t shared_bytes = 0;
  std::vector<std::string> texts;
};

struct StoryCompareParams {
  using Result = StoryCompareResult;
  static constexpr std::string_view kMethod = "story.compare";
  std::uint32_t story = 0;
  std::vector<std::uint64_t> nodes;
};

struct StoryStep {
  std::uint64_t id = 0;
  std::string kind;
  std::uint64_t at_ms = 0;
  bool done = true;
};

struct StoryHistoryResult {
  std::vector<StoryStep> steps;
};

struct StoryHistoryParams {
  using Result = StoryHistoryResult;
  static constexpr std::string_view kMethod = "story.history";
  std::uint32_t story = 0;
  std::uint32_t limit = 100;
};

// --- writing -----------------------------------------------------------------------------

struct StorySyncParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.sync";
  std::uint32_t story = 0;
  std::string text;
  std::optional<std::uint64_t> revision;
  std::vector<StoryTaken> taken;
};

struct StoryEdit {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string text;
  std::string origin = "typed";
  std::optional<StoryGeneration> generation;
};

struct StoryEditParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.edit";
  std::uint32_t story = 0;
  std::vector<StoryEdit> edits;
  std::optional<std::uint64_t> revision;
};

struct StoryBranchParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.branch";
  std::uint32_t story = 0;
  std::optional<std::uint64_t> offset;
  std::string text;
};

struct StoryChild {
  std::string text;
  std::string name;
  std::string origin = "typed";
  std::optional<StoryGeneration> generation;
};

struct StoryAddParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.add";
  std::uint32_t story = 0;
  std::optional<std::uint64_t> parent;
  std::vector<StoryChild> children;
  std::optional<std::uint32_t> choose;
};

/// A StoryChange and what `complete` answers.
struct StoryGenerateResult : StoryChange {
  std::vector<Branch> branches;
};

struct StoryGenerateParams {
  using Result = StoryGenerateResult;
  static constexpr std::string_view kMethod = "story.generate";
  std::uint32_t story = 0;
  std::optional<std::uint64_t> node;
  CompleteParams complete;
  std::optional<std::uint64_t> again;
  std::optional<std::uint32_t> choose;
};

struct StoryChooseParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.choose";
  std::uint32_t story = 0;
  std::optional<std::uint64_t> node;
  std::string to = "node";
  bool descend = true;
};

struct StorySplitParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.split";
  std::uint32_t story = 0;
  std::uint64_t node = 0;
  std::uint64_t offset = 0;
};

struct StoryMergeParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.merge";
  std::uint32_t story = 0;
  std::uint64_t node = 0;
};

struct StoryMoveParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.move";
  std::uint32_t story = 0;
  std::uint64_t node = 0;
  std::uint64_t parent = 0;
  std::optional<std::uint64_t> before;
};

struct StoryPruneParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.prune";
  std::uint32_t story = 0;
  std::uint64_t node = 0;
};

struct StoryRestoreParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.restore";
  std::uint32_t story = 0;
  std::uint64_t node = 0;
};

struct StoryEmptyTrashParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.empty_trash";
  std::uint32_t story = 0;
  bool forget = false;
};

struct StoryMarkParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.mark";
  std::uint32_t story = 0;
  std::uint64_t node = 0;
  std::optional<std::string> name;
  std::optional<bool> bookmarked;
};

struct StoryHoistParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.hoist";
  std::uint32_t story = 0;
  std::optional<std::uint64_t> node;
};

struct StorySetParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.set";
  std::uint32_t story = 0;
  std::string key;
  std::optional<std::string> value;
};

struct StoryValue {
  std::string key;
  std::string value;
};

struct StoryGetResult {
  std::vector<StoryValue> values;
};

struct StoryGetParams {
  using Result = StoryGetResult;
  static constexpr std::string_view kMethod = "story.get";
  std::uint32_t story = 0;
  std::optional<std::string> key;
};

struct StoryUndoParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.undo";
  std::uint32_t story = 0;
};

struct StoryRedoParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.redo";
  std::uint32_t story = 0;
};

// --- exchange ----------------------------------------------------------------------------

struct StoryExportResult {
  std::string text;
};

struct StoryExportParams {
  using Result = StoryExportResult;
  static constexpr std::string_view kMethod = "story.export";
  std::uint32_t story = 0;
  std::string format;  // "text", "json", "markdown", "pyloom", "loomsidian"
  std::optional<std::uint64_t> node;
};

struct StoryImportParams {
  using Result = StoryChange;
  static constexpr std::string_view kMethod = "story.import";
  std::uint32_t story = 0;
  std::optional<std::string> text;
  std::optional<std::string> path;
  std::string format = "auto";
  std::optional<std::uint64_t> parent;
  bool choose = false;
};

// --- notification ------------------------------------------------------------------------

/// What another connection did to a story that this one has open.
struct StoryChangedNotice : StoryChange {
  static constexpr std::string_view kMethod = "story.changed";
  std::uint32_t story = 0;
};

}  // namespace understory::protocol
