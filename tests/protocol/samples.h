// One message of each kind, with every key set, for the golden bytes and the fuzz-like tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "protocol/codec.h"
#include "protocol/story_messages.h"

namespace understory::protocol::samples {

inline ModelSummary model() {
  return {"Understory 3M",
          "/m/understory-3m.gguf",
          "llama",
          "Q8_0",
          "gpt2/default",
          3000000,
          3200000,
          4,
          192,
          6,
          6,
          32,
          4096,
          512,
          512};
}

inline DeviceSummary device() {
  return {"llvmpipe", "Mesa 22.3.6", "1.3.230", "cpu", 8, 1 << 30, 1 << 29, "lanes"};
}

inline HelloParams hello() {
  return {"golden", "1.2", 1, true, "on_understory(...)"};
}

inline HelloResult hello_result() {
  return {"understoryd",    "0.1.0", 1,       4321, "ready", {4194304, 67108864, 32, 64},
          {"base", "mine"}, model(), device()};
}

inline CompleteParams complete() {
  CompleteParams p;
  p.prefix = "It was a d\xc3\xa9j\xc3\xa0";
  p.suffix = " and nothing else.";
  p.prefix_offset = 1 << 20;
  p.notes = "A gothic tale.";
  p.notes_depth = 4;
  p.lorebook = {{{"Ann", "the maid"}, "Ann is the maid."}};
  p.lorebook_depth = 2;
  p.n = 3;
  p.max_tokens = 24;
  p.until = "sentence";
  p.min_probability = 0.125f;
  p.min_margin = 0.0625f;
  p.time_budget_ms = 1500;
  p.temperature = 0.75f;
  p.top_k = 40;
  p.top_p = 0.5f;
  p.min_p = 0.25f;
  p.preset = "mine";
  p.typical_p = 0.75f;
  p.top_n_sigma = 1.5f;
  p.xtc_threshold = 0.125f;
  p.xtc_probability = 0.5f;
  p.repeat_penalty = 1.25f;
  p.frequency_penalty = 0.25f;
  p.presence_penalty = -0.25f;
  p.penalty_window = 128;
  p.dry_multiplier = 0.5f;
  p.dry_base = 1.75f;
  p.dry_allowed_length = 3;
  p.dry_window = 512;
  p.dry_breakers = {"\n", "*"};
  p.mirostat_tau = 4.0f;
  p.mirostat_eta = 0.125f;
  p.logit_bias = {{7, std::nullopt, -100.0f}, {std::nullopt, "sigh", -1.5f}};
  p.bans = {"a shiver", "d\xc3\xa9j\xc3\xa0 vu"};
  p.ban_ignore_case = false;
  p.seed = 9007199254740991;
  p.top = 2;
  p.healing = false;
  p.suppress = false;
  p.rank = "bridge";
  p.document = "/home/u/\xff.md";  // a file name that is not UTF-8
  p.prefetch = false;
  p.stream = true;
  return p;
}

inline CompleteResult complete_result() {
  const Token token{300, " vu", -1.5f, {{300, " vu", -1.5f}, {301, "\xc3", -2.0f}}};
  return {{{" vu.", {token}, "stop", -1.5f, 42, "", -0.75f},
           {"", {}, "repetition", 0, 43, "loops", std::nullopt}},
          {9, 8, 0, 0.5, 12.25, 4.0, 8.0, 125.0, {}, {}, 7},
          {512, 5, 6, 1 << 20, {0}, {1, 2}},
          3,
          "m",
          "d",
          "cbf29ce484222325",
          {0, 1}};
}

inline StatusResult status_result() {
  StatusResult s;
  s.state = "failed";
  s.error = Failure{"bad_model", "the file is cut short"};
  s.progress = 0.5f;
  s.version = "0.1.0";
  s.protocol = 1;
  s.pid = 4321;
  s.socket = "/run/u.sock";
  s.uptime_s = 1.5;
  s.load_ms = 250;
  s.clients = 2;
  s.model = model();
  s.device = device();
  s.memory = {1000, 2000, 3000};
  s.engine = EngineSummary{1, 2, 3, 4, 100, 25, 0.25, 6, 5, 7, 8, 9, 10, {1, 2, 3}, 50};
  return s;
}

inline StoryGeneration generation() {
  return {9,    "m",    "{\"min_p\":0.05}", 18446744073709551615u, "cbf29ce484222325",
          -1.5, "stop", 1700000000000};
}

inline StoryChange story_change() {
  return {true, "sync", 7, 12, {12, 3}, StorySplice{5, 2, "\xc3\xa9"}, 3};
}

inline StoryNode story_node() {
  StoryNode n;
  n.id = 12;
  n.parent = 1;
  n.depth = 1;
  n.bytes = 2;
  n.preview = "a\xff";
  n.children = 2;
  n.origin = "edited";
  n.on_path = true;
  n.current = true;
  n.bookmarked = true;
  n.created_ms = 1700000000000;
  n.modified_ms = 1700000000001;
  n.name = "end";
  n.trashed_ms = 1700000000002;
  n.mean_logprob = -1.5;
  n.offset = 5;
  n.text = "a\xff";
  n.spans = {{1, "typed", {}, {}}, {1, "model", 9, 12}};
  n.generations = {generation()};
  return n;
}

/// Name (of the golden file) and bytes.
inline std::vector<std::pair<std::string, std::string>> all() {
  const Error refusal{ErrorCode::kBusy, "the queue is full; try again"};
  const Failure failure = to_failure(refusal);
  DoneNotice<CompleteResult> done{7, complete_result(), std::nullopt};
  DoneNotice<CompleteResult> done_badly{7, std::nullopt, failure};
  StoryChangedNotice changed;
  static_cast<StoryChange&>(changed) = story_change();
  changed.story = 1;
  const ScoreResult score{{{5, "It", 0, -3.5f, {{6, "Is", -1.25f}}}}, 2, 3.5, 2.5};
  return {
      {"hello_request", encode_request(0, hello())},
      {"hello_response", encode_response(0, hello_result())},
      {"complete_request", encode_request(1, complete())},
      {"complete_request_notification", encode_request_notification(7, complete())},
      {"complete_response", encode_response(1, complete_result())},
      {"cancel_request", encode_request(2, CancelParams{1})},
      {"cancel_notification", encode_request_notification(0, CancelParams{1})},
      {"cancel_response", encode_response(2, CancelResult{true})},
      {"rank_request", encode_request(4, RankParams{"He", " left.", {" got up and", "\xff"}})},
      {"rank_response", encode_response(4, RankResult{{{-0.5f}, {std::nullopt}}, {0, 1}})},
      {"score_request", encode_request(3, ScoreParams{"It", 1})},
      {"score_response", encode_response(3, score)},
      {"tokenize_request", encode_request(300, TokenizeParams{"a\xff", true, true, true})},
      {"tokenize_response",
       encode_response(300, TokenizeResult{{1, 70000}, std::vector<std::string>{"a", "\xff"}})},
      {"detokenize_request", encode_request(70000, DetokenizeParams{{1, 2, 3}})},
      {"detokenize_response", encode_response(70000, DetokenizeResult{"abc"})},
      {"status_request", encode_request(1, StatusParams{})},
      {"status_response", encode_response(1, status_result())},
      {"shutdown_request", encode_request(4294967295u, ShutdownParams{})},
      {"shutdown_response", encode_response(4294967295u, ShutdownResult{4321})},
      {"error_response", encode_error(1, refusal)},
      {"error_response_neovim", encode_error_for_neovim(1, refusal)},
      {"chunk_notification", encode_notification(ChunkNotice{1, 2, " vu"})},
      {"chunk_notification_lua", encode_notification(ChunkNotice{1, 2, " vu"}, "on_u(...)")},
      {"progress_notification", encode_notification(ProgressNotice{"loading", 0.5f, {}})},
      {"progress_notification_failed",
       encode_notification(ProgressNotice{"failed", 0.5f, failure})},
      {"story_open_request", encode_request(1, StoryOpenParams{"/n/\xff.md", "text", false, {}})},
      {"story_sync_request",
       encode_request(5, StorySyncParams{1, "It was dark.", 7, {{6, 5, generation()}}})},
      {"story_open_response",
       encode_response(1, StoryOpenResult{1, "/n/a.md.story", true, true, true, 7, 1, 12, 3, 9, 4,
                                          "sync", "prune"})},
      {"story_node_response", encode_response(2, StoryNodeResult{story_node()})},
      {"story_edit_request",
       encode_request(3, StoryEditParams{1, {{5, 2, "\xc3\xa9", "model", generation()}}, 7})},
      {"story_edit_response", encode_response(3, story_change())},
      {"story_add_request",
       encode_request(4, StoryAddParams{1, 12, {{" and", "name", "model", generation()}}, 0})},
      {"story_changed_notification", encode_notification(changed)},
      {"done_notification", encode_notification(done)},
      {"done_notification_failed", encode_notification(done_badly)},
  };
}

}  // namespace understory::protocol::samples
