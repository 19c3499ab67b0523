// Completions and scores on a resident model. One engine thread owns the device; requests come
// from any thread through a bounded queue and answer through listeners.
//
// The engine knows no Asio and no MessagePack.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "daemon/engine/samplers/sampler_params.h"
#include "daemon/model/model.h"
#include "daemon/tokenizer/tokenizer.h"

namespace understory::engine {

using RequestId = std::uint64_t;
using ClientId = std::uint64_t;

enum class StopUnit { kNone, kWord, kSentence, kLine, kParagraph };

struct StopParams {
  std::uint32_t max_tokens = 48;     // [1, context]
  StopUnit until = StopUnit::kNone;  // ends after the first such unit
  // Confidence: ends before a token less likely than this, or where the likeliest token leads the
  // second by less. The model's own probabilities, at temperature 1; [0, 1]; 0: off.
  float min_probability = 0;
  float min_margin = 0;
  std::uint32_t time_budget_ms = 0;  // from submission; looked at between steps; 0: none

  bool operator==(const StopParams&) const = default;
};

/// Something to remind the model of when one of its keys occurs in the text.
struct LorebookEntry {
  std::vector<std::string> keys;
  std::string text;
  bool operator==(const LorebookEntry&) const = default;
};

enum class RankBy {
  kNone,
  kBridge  // how well the suffix follows each branch (bridge.h)
};

struct CompletionParams {
  std::string prefix;                   // any bytes; the text before the cursor
  std::string suffix;                   // any bytes; the text after it: suggestions end where they
                                        // meet it
  std::uint64_t prefix_offset = 0;      // bytes of the document before `prefix`, which a client may
                                        // leave out; 0: prefix is the whole text before the cursor
  std::string notes;                    // pinned: what the model reads besides the text
  std::uint32_t notes_depth = 0;        // 0: before the text; else about so many paragraphs before
                                        // its end, [0, 100]
  std::vector<LorebookEntry> lorebook;  // at most 1024, 64 keys each
  std::uint32_t lorebook_depth = 3;     // as notes_depth
  std::uint32_t n = 1;                  // branches, [1, 16]
  SamplerParams sampler;
  StopParams stop;
  std::uint32_t top = 0;  // report this many likeliest tokens beside each token, [0, 64]
  bool healing = true;    // mend a prefix that ends inside a token
  bool suppress = true;   // junk is not shown, and near-duplicate branches are drawn again
  RankBy rank = RankBy::kNone;
  std::string document;  // a newer request of the same client and document cancels this
  bool prefetch = true;  // may go on with the document's last suggestion, and be thought ahead of

  bool operator==(const CompletionParams&) const = default;
};

/// Names the field and its range (kInvalidArgument) where a value is out of bounds.
Status validate(const CompletionParams& params, const model::Model& model);

struct TopToken {
  tokenizer::TokenId id = 0;
  std::string text;  // bytes
  float logprob = 0;
};

struct TokenResult {
  tokenizer::TokenId id = 0;
  std::string text;   // bytes
  float logprob = 0;  // at temperature 1 over the whole vocabulary
  std::vector<TopToken> top;
};

enum class FinishReason {
  kStop,        // the unit ended, or the text met the suffix
  kLength,      // max_tokens
  kEndOfText,   // the model ended the text
  kContext,     // no room left
  kBanned,      // nothing is left that may come, or no way round a ban was found
  kConfidence,  // the next token is too uncertain
  kTime,        // the time budget is spent
  kRepetition,  // it repeated what was just written, itself, or an earlier branch
  kCancelled
};
/// "stop", "length", "end_of_text", "context", "banned", "confidence", "time", "repetition",
/// "cancelled".
std::string_view to_string(FinishReason reason);

/// Why a branch has nothing to show.
enum class Suppressed {
  kEmpty,        // no text, or spaces only
  kPunctuation,  // no word
  kRepeats,      // says again what stands before the cursor
  kLoops,        // goes in circles from its beginning
  kDuplicate     // begins like an earlier branch, time and again
};
/// "empty", "punctuation", "repeats", "loops", "duplicate".
std::string_view to_string(Suppressed reason);

struct Branch {
  std::string text;
  std::vector<TokenResult> tokens;
  FinishReason finish_reason = FinishReason::kStop;
  std::optional<Suppressed> suppressed;  // text and tokens are empty then
  float mean_logprob = 0;
  std::uint64_t seed = 0;               // reproduces this branch alone, with n = 1
  std::optional<float> bridge_logprob;  // of the suffix's first part after it, nats a byte
};

struct Timings {
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;   // of the prompt, found in the KV cache
  std::uint32_t dropped_tokens = 0;  // oldest text that did not fit the context
  std::uint32_t healed_tokens = 0;   // decoded only to spell the prefix's end again, all branches
  std::uint32_t late_tokens = 0;     // decoded after the request had been cancelled
  std::uint32_t prefetched = 0;      // of the continuation, ready before the request came
  double queue_ms = 0;
  double ttft_ms = 0;  // from submission to the first token
  double prefill_ms = 0;
  double decode_ms = 0;
  double decode_tok_s = 0;  // all branches together
};

/// What of the context a request used. Tokens of the prompt are in Timings.
struct ContextUse {
  std::uint32_t size = 0;          // tokens, prompt and continuation together
  std::uint32_t notes_tokens = 0;  // of the prompt
  std::uint32_t lorebook_tokens = 0;
  std::uint64_t dropped_bytes = 0;      // the text in use begins at this byte of the document
  std::vector<std::uint32_t> lorebook;  // indices of the entries in play
  std::vector<std::uint32_t> lorebook_left_out;  // called for as well, but there was no room
};

struct CompletionResult {
  std::vector<Branch> branches;
  std::vector<std::uint32_t> order;  // branch numbers, the best bridge first; ranked only
  Timings timings;
  ContextUse context;
  std::uint64_t typed_through = 0;  // above 0: the branch is the rest of the document's last
                                    // suggestion, of which so many bytes have been typed
};

/// A piece of a branch as it is thought of: whole UTF-8 characters.
struct Chunk {
  std::uint32_t branch = 0;
  std::string text;
};

/// Called on the engine thread; must not block. on_finish comes exactly once, last.
class CompletionListener {
 public:
  virtual ~CompletionListener() = default;
  virtual void on_chunk(const Chunk& chunk) = 0;
  virtual void on_finish(Result<CompletionResult> result) = 0;
};

struct ScoreParams {
  std::string text;
  std::uint32_t top = 0;
};

struct ScoredToken {
  tokenizer::TokenId id = 0;
  std::string text;
  std::uint64_t byte_offset = 0;
  float logprob = 0;  // of the token given all before it
  std::vector<TopToken> top;
};

struct ScoreResult {
  std::vector<ScoredToken> tokens;
  std::uint64_t bytes = 0;
  double nats = 0;  // -sum of logprobs
};

class ScoreListener {
 public:
  virtual ~ScoreListener() = default;
  virtual void on_finish(Result<ScoreResult> result) = 0;
};

/// Which candidate fits between a prefix and a suffix.
struct RankParams {
  std::string prefix;
  std::string suffix;                   // not empty
  std::vector<std::string> candidates;  // [1, 16]
};

Status validate(const RankParams& params, const model::Model& model);

struct RankResult {
  std::vector<std::optional<float>> bridge_logprobs;  // nats a byte; absent: no room in the context
  std::vector<std::uint32_t> order;                   // indices of candidates, the best first
};

class RankListener {
 public:
  virtual ~RankListener() = default;
  virtual void on_finish(Result<RankResult> result) = 0;
};

struct EngineOptions {
  // Waiting requests, of all clients and of one; more are refused with kBusy.
  std::uint32_t max_queue = 256;
  std::uint32_t max_queue_per_client = 16;
  // Whoever has waited longer than this to see something goes before those that came later.
  std::chrono::milliseconds patience{1000};
  std::uint32_t prefetch_tokens = 32;  // to think ahead of a suggestion while idle; 0: none
  std::chrono::milliseconds prefetch_pause{150};  // between the answer and that
};

struct Percentiles {
  double p50_ms = 0;
  double p90_ms = 0;
  double p99_ms = 0;
};

struct EngineStatus {
  std::uint32_t active = 0;
  std::uint32_t queued = 0;
  std::uint64_t completed = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t cached_tokens = 0;
  std::uint64_t decoded_tokens = 0;
  std::uint64_t prefetched_tokens = 0;  // thought ahead while idle
  std::uint32_t kv_blocks_total = 0;
  std::uint32_t kv_blocks_used = 0;    // by running requests or the prefix cache
  std::uint32_t kv_blocks_cached = 0;  // in the prefix cache; freed when needed
  std::uint64_t kv_evictions = 0;
  Percentiles ttft;         // of the last 256 completions
  double decode_tok_s = 0;  // over the last completions
};

class Engine {
 public:
  /// Starts the engine thread. Model and tokenizer are used by it alone from now on (the
  /// tokenizer is immutable and may be shared).
  Engine(std::shared_ptr<model::Model> model, std::shared_ptr<const tokenizer::Tokenizer> tokenizer,
         EngineOptions options = {});
  /// shutdown().
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Any thread. kInvalidArgument, kBusy, kUnavailable (shutting down): the listener is then
  /// never called.
  Result<RequestId> complete(ClientId client, CompletionParams params,
                             std::shared_ptr<CompletionListener> listener);
  Result<RequestId> score(ClientId client, ScoreParams params,
                          std::shared_ptr<ScoreListener> listener);
  Result<RequestId> rank(ClientId client, RankParams params,
                         std::shared_ptr<RankListener> listener);

  /// Any thread. Stops within one step; the listener gets what was made so far, finish reason
  /// kCancelled. False where the request is unknown or has ended.
  bool cancel(RequestId request);
  /// The client has gone: cancels its requests and forgets its suggestions.
  void cancel_all_of(ClientId client);

  EngineStatus status() const;

  /// Cancels everything, answers every listener and ends the thread.
  void shutdown();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace understory::engine
