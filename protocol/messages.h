// The protocol's messages as plain structs: what each method takes and answers, and the
// notifications. PROTOCOL.md describes every field; codec.h turns them into bytes and back.
//
// Texts are byte strings. On the wire they are msgpack str where they are valid UTF-8 and bin
// where they are not (half a character at a branch's end, a document in an old encoding).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understory::protocol {

/// Raised when an old client could misunderstand a new daemon; new keys do not raise it.
inline constexpr std::uint32_t kProtocolVersion = 1;

/// Understory's version: "0.1.0".
std::string_view version();

// --- what several messages share ---------------------------------------------------------

struct ModelSummary {
  std::string name;
  std::string path;
  std::string architecture;  // "llama"
  std::string file_type;     // "Q8_0"
  std::string tokenizer;     // "gpt2/smollm"
  std::uint64_t n_parameters = 0;
  std::uint64_t weight_bytes = 0;
  std::uint32_t n_layers = 0;
  std::uint32_t dim = 0;
  std::uint32_t n_heads = 0;
  std::uint32_t n_kv_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t vocab_size = 0;
  std::uint32_t trained_context = 0;
  std::uint32_t context = 0;  // tokens that this daemon gives a text
};

struct DeviceSummary {
  std::string name;
  std::string driver;
  std::string api_version;
  std::string kind;  // "discrete", "integrated", "virtual", "cpu", "reference"
  std::uint32_t subgroup_size = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t free_memory_bytes = 0;
  std::string kernel_family;
};

/// An error inside a result or a notification; code is a string of PROTOCOL.md's table.
struct Failure {
  std::string code;
  std::string message;
};

// --- hello -------------------------------------------------------------------------------

struct Limits {
  std::uint64_t max_request_bytes = 0;
  std::uint64_t max_answer_bytes = 0;
  std::uint32_t max_nesting = 0;
  std::uint32_t max_requests = 0;  // unanswered, on one connection
};

struct HelloResult {
  std::string server;  // "understoryd"
  std::string version;
  std::uint32_t protocol = 0;
  std::uint32_t pid = 0;
  std::string state;  // as in StatusResult
  Limits limits;
  std::vector<std::string> presets;   // names for CompleteParams::preset
  std::optional<ModelSummary> model;  // once loaded
  std::optional<DeviceSummary> device;
};

struct HelloParams {
  using Result = HelloResult;
  static constexpr std::string_view kMethod = "hello";
  std::string client;  // who is calling, for the daemon's log
  std::string client_version;
  std::uint32_t protocol = kProtocolVersion;
  bool progress = false;   // send `progress` notifications while a model loads
  std::string notify_lua;  // Neovim: Lua code that is to receive notifications
};

// --- complete, cancel --------------------------------------------------------------------

struct TopToken {
  std::uint32_t id = 0;
  std::string text;
  float logprob = 0;
};

struct Token {
  std::uint32_t id = 0;
  std::string text;
  float logprob = 0;
  std::vector<TopToken> top;
};

struct Branch {
  std::string text;
  std::vector<Token> tokens;
  std::string finish_reason;  // "stop", "length", ...: PROTOCOL.md has them all
  float mean_logprob = 0;
  std::uint64_t seed = 0;
  std::string suppressed;  // why there is nothing to show; else empty
  std::optional<float> bridge_logprob;
};

struct Timings {
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;
  std::uint32_t dropped_tokens = 0;
  double queue_ms = 0;
  double ttft_ms = 0;
  double prefill_ms = 0;
  double decode_ms = 0;
  double decode_tok_s = 0;
  std::optional<std::uint32_t> healed_tokens;  // absent: none
  std::optional<std::uint32_t> late_tokens;    // absent: none
  std::optional<std::uint32_t> prefetched;     // absent: none
};

/// What of the model's context a request used.
struct ContextUse {
  std::uint32_t size = 0;  // tokens, prompt and continuation together
  std::uint32_t notes_tokens = 0;
  std::uint32_t lorebook_tokens = 0;
  std::uint64_t dropped_bytes = 0;               // of the document, before the text in use
  std::vector<std::uint32_t> lorebook;           // indices of the entries in play
  std::vector<std::uint32_t> lorebook_left_out;  // called for, but there was no room
};

struct CompleteResult {
  std::vector<Branch> branches;
  Timings timings;
  ContextUse context;
  std::uint64_t typed_through = 0;  // bytes; above 0: the rest of an earlier suggestion
  std::string model;
  std::string device;
  std::string prompt_hash;           // as a story keeps it
  std::vector<std::uint32_t> order;  // branch numbers, the best first; empty where not ranked
};

struct LorebookEntry {
  std::vector<std::string> keys;
  std::string text;
};

/// `bias` for the token `id`, or for the tokens that spell `text`, alone or after a space.
struct LogitBias {
  std::optional<std::uint32_t> id;
  std::optional<std::string> text;
  float bias = 0;
};

/// What `complete` and a preset ask of the samplers. An absent key is the preset's or, without
/// one, neutral.
struct SamplerKeys {
  std::optional<float> temperature;
  std::optional<std::uint32_t> top_k;
  std::optional<float> top_p;
  std::optional<float> min_p;
  std::optional<float> typical_p;
  std::optional<float> top_n_sigma;
  std::optional<float> xtc_threshold;
  std::optional<float> xtc_probability;
  std::optional<float> repeat_penalty;
  std::optional<float> frequency_penalty;
  std::optional<float> presence_penalty;
  std::optional<std::uint32_t> penalty_window;
  std::optional<float> dry_multiplier;
  std::optional<float> dry_base;
  std::optional<std::uint32_t> dry_allowed_length;
  std::optional<std::uint32_t> dry_window;
  std::optional<std::vector<std::string>> dry_breakers;
  std::optional<float> mirostat_tau;
  std::optional<float> mirostat_eta;
  std::optional<std::vector<LogitBias>> logit_bias;
  std::optional<std::vector<std::string>> bans;  // phrases that must not come
  std::optional<bool> ban_ignore_case;
};

struct CompleteParams : SamplerKeys {
  using Result = CompleteResult;
  static constexpr std::string_view kMethod = "complete";
  std::string prefix;
  std::string suffix;
  std::uint64_t prefix_offset = 0;  // bytes of the document before `prefix`
  std::string notes;
  std::uint32_t notes_depth = 0;  // 0: before the text; else paragraphs before its end
  std::vector<LorebookEntry> lorebook;
  std::uint32_t lorebook_depth = 3;
  std::uint32_t n = 1;
  std::uint32_t max_tokens = 48;
  std::string until = "none";  // "none", "word", "sentence", "line", "paragraph"
  float min_probability = 0;
  float min_margin = 0;
  std::uint32_t time_budget_ms = 0;
  std::string preset;  // names the values of sampler keys that are absent
  std::optional<std::uint64_t> seed;
  std::uint32_t top = 0;
  bool healing = true;
  bool suppress = true;
  std::string document;
  bool prefetch = true;
  std::string rank = "none";  // "none", "bridge"
  bool stream = true;         // send `chunk` notifications
};

struct CancelResult {
  bool cancelled = false;  // false: no such request, or it has ended
};

struct CancelParams {
  using Result = CancelResult;
  static constexpr std::string_view kMethod = "cancel";
  std::uint32_t request = 0;
};

// --- rank, score, tokenize, detokenize ---------------------------------------------------

struct RankedCandidate {
  std::optional<float> bridge_logprob;
};

struct RankResult {
  std::vector<RankedCandidate> candidates;  // as they were given
  std::vector<std::uint32_t> order;         // their indices, the best first
};

struct RankParams {
  using Result = RankResult;
  static constexpr std::string_view kMethod = "rank";
  std::string prefix;
  std::string suffix;
  std::vector<std::string> candidates;
};

struct ScoredToken {
  std::uint32_t id = 0;
  std::string text;
  std::uint64_t byte_offset = 0;
  float logprob = 0;
  std::vector<TopToken> top;
};

struct ScoreResult {
  std::vector<ScoredToken> tokens;
  std::uint64_t bytes = 0;
  double nats = 0;
  double bits_per_byte = 0;
};

struct ScoreParams {
  using Result = ScoreResult;
  static constexpr std::string_view kMethod = "score";
  std::string text;
  std::uint32_t top = 0;
};

struct TokenizeResult {
  std::vector<std::uint32_t> ids;
  std::optional<std::vector<std::string>> pieces;
};

struct TokenizeParams {
  using Result = TokenizeResult;
  static constexpr std::string_view kMethod = "tokenize";
  std::string text;
  bool add_bos = false;
  bool parse_special = false;
  bool pieces = false;
};

struct DetokenizeResult {
  std::string text;
};

struct DetokenizeParams {
  using Result = DetokenizeResult;
  static constexpr std::string_view kMethod = "detokenize";
  std::vector<std::uint32_t> ids;
};

// --- status, shutdown --------------------------------------------------------------------

struct MemorySummary {
  std::uint64_t device_bytes = 0;
  std::uint64_t kv_cache_bytes = 0;
  std::uint64_t resident_bytes = 0;  // of the daemon's process
};

struct PercentilesSummary {
  double p50_ms = 0;
  double p90_ms = 0;
  double p99_ms = 0;
};

struct EngineSummary {
  std::uint32_t active = 0;
  std::uint32_t queued = 0;
  std::uint64_t completed = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;
  double cache_hit_rate = 0;  // cached_tokens / prompt_tokens
  std::uint64_t decoded_tokens = 0;
  std::uint64_t prefetched_tokens = 0;
  std::uint32_t kv_blocks_total = 0;
  std::uint32_t kv_blocks_used = 0;    // by running requests or remembered text
  std::uint32_t kv_blocks_cached = 0;  // of those, remembered text, freed where room is needed
  std::uint64_t kv_evictions = 0;      // blocks of remembered text that were freed
  PercentilesSummary ttft;
  double decode_tok_s = 0;
};

struct StatusResult {
  std::string state;             // "loading", "ready", "failed", "stopping"
  std::optional<Failure> error;  // with "failed"
  float progress = 0;            // of loading, [0, 1]
  std::string version;
  std::uint32_t protocol = 0;
  std::uint32_t pid = 0;
  std::string socket;
  double uptime_s = 0;
  double load_ms = 0;  // so far, while loading
  std::uint32_t clients = 0;
  std::optional<ModelSummary> model;
  std::optional<DeviceSummary> device;
  MemorySummary memory;
  std::optional<EngineSummary> engine;
};

struct StatusParams {
  using Result = StatusResult;
  static constexpr std::string_view kMethod = "status";
};

struct ShutdownResult {
  std::uint32_t pid = 0;
};

struct ShutdownParams {
  using Result = ShutdownResult;
  static constexpr std::string_view kMethod = "shutdown";
};

// --- notifications from the daemon -------------------------------------------------------

/// A piece of a branch as it is thought of: whole characters.
struct ChunkNotice {
  static constexpr std::string_view kMethod = "chunk";
  std::uint32_t request = 0;
  std::uint32_t branch = 0;
  std::string text;
};

/// How far loading is; the last one has state "ready" or "failed".
struct ProgressNotice {
  static constexpr std::string_view kMethod = "progress";
  std::string state;
  float progress = 0;
  std::optional<Failure> error;
};

/// The answer to a request that was sent as a notification with a `request` number.
template <class ResultType>
struct DoneNotice {
  static constexpr std::string_view kMethod = "done";
  std::uint32_t request = 0;
  std::optional<ResultType> result;
  std::optional<Failure> error;
};

}  // namespace understory::protocol
