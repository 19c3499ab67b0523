// Each message's keys, named once for the encoder and the decoder alike. A visitor is called
// as visit(key, member); visit.unless_empty(key, member) leaves an empty list out of the map,
// and visit.required(key, member) makes a missing key an error.
#pragma once

#include <type_traits>

#include "protocol/messages.h"

namespace understory::protocol {

#define UNDERSTORY_FIELDS(Type)                         \
  template <class Visitor, class M>                     \
  requires std::is_same_v<std::remove_const_t<M>, Type> \
  void visit_fields(Visitor& visit, M& m)

UNDERSTORY_FIELDS(ModelSummary) {
  visit("name", m.name);
  visit("path", m.path);
  visit("architecture", m.architecture);
  visit("file_type", m.file_type);
  visit("tokenizer", m.tokenizer);
  visit("n_parameters", m.n_parameters);
  visit("weight_bytes", m.weight_bytes);
  visit("n_layers", m.n_layers);
  visit("dim", m.dim);
  visit("n_heads", m.n_heads);
  visit("n_kv_heads", m.n_kv_heads);
  visit("head_dim", m.head_dim);
  visit("vocab_size", m.vocab_size);
  visit("trained_context", m.trained_context);
  visit("context", m.context);
}

UNDERSTORY_FIELDS(DeviceSummary) {
  visit("name", m.name);
  visit("driver", m.driver);
  visit("api_version", m.api_version);
  visit("kind", m.kind);
  visit("subgroup_size", m.subgroup_size);
  visit("memory_bytes", m.memory_bytes);
  visit("free_memory_bytes", m.free_memory_bytes);
  visit("kernel_family", m.kernel_family);
}

UNDERSTORY_FIELDS(Failure) {
  visit("code", m.code);
  visit("message", m.message);
}

UNDERSTORY_FIELDS(Limits) {
  visit("max_request_bytes", m.max_request_bytes);
  visit("max_answer_bytes", m.max_answer_bytes);
  visit("max_nesting", m.max_nesting);
  visit("max_requests", m.max_requests);
}

UNDERSTORY_FIELDS(HelloResult) {
  visit("server", m.server);
  visit("version", m.version);
  visit("protocol", m.protocol);
  visit("pid", m.pid);
  visit("state", m.state);
  visit("limits", m.limits);
  visit.unless_empty("presets", m.presets);
  visit("model", m.model);
  visit("device", m.device);
}

UNDERSTORY_FIELDS(HelloParams) {
  visit("client", m.client);
  visit("client_version", m.client_version);
  visit("protocol", m.protocol);
  visit("progress", m.progress);
  visit.unless_empty("notify_lua", m.notify_lua);
}

UNDERSTORY_FIELDS(TopToken) {
  visit("id", m.id);
  visit("text", m.text);
  visit("logprob", m.logprob);
}

UNDERSTORY_FIELDS(Token) {
  visit("id", m.id);
  visit("text", m.text);
  visit("logprob", m.logprob);
  visit.unless_empty("top", m.top);
}

UNDERSTORY_FIELDS(Branch) {
  visit("text", m.text);
  visit("tokens", m.tokens);
  visit("finish_reason", m.finish_reason);
  visit("mean_logprob", m.mean_logprob);
  visit("seed", m.seed);
  visit.unless_empty("suppressed", m.suppressed);
  visit("bridge_logprob", m.bridge_logprob);
}

UNDERSTORY_FIELDS(Timings) {
  visit("prompt_tokens", m.prompt_tokens);
  visit("cached_tokens", m.cached_tokens);
  visit("dropped_tokens", m.dropped_tokens);
  visit("queue_ms", m.queue_ms);
  visit("ttft_ms", m.ttft_ms);
  visit("prefill_ms", m.prefill_ms);
  visit("decode_ms", m.decode_ms);
  visit("decode_tok_s", m.decode_tok_s);
  visit("healed_tokens", m.healed_tokens);
  visit("late_tokens", m.late_tokens);
  visit("prefetched", m.prefetched);
}

UNDERSTORY_FIELDS(ContextUse) {
  visit("size", m.size);
  visit("notes_tokens", m.notes_tokens);
  visit("lorebook_tokens", m.lorebook_tokens);
  visit("dropped_bytes", m.dropped_bytes);
  visit("lorebook", m.lorebook);
  visit("lorebook_left_out", m.lorebook_left_out);
}

UNDERSTORY_FIELDS(CompleteResult) {
  visit("branches", m.branches);
  visit.unless_empty("order", m.order);
  visit("timings", m.timings);
  visit("context", m.context);
  visit("typed_through", m.typed_through);
  visit("model", m.model);
  visit("device", m.device);
  visit.unless_empty("prompt_hash", m.prompt_hash);
}

UNDERSTORY_FIELDS(LogitBias) {
  visit("id", m.id);
  visit("text", m.text);
  visit.required("bias", m.bias);
}

UNDERSTORY_FIELDS(SamplerKeys) {
  visit("temperature", m.temperature);
  visit("top_k", m.top_k);
  visit("top_p", m.top_p);
  visit("min_p", m.min_p);
  visit("typical_p", m.typical_p);
  visit("top_n_sigma", m.top_n_sigma);
  visit("xtc_threshold", m.xtc_threshold);
  visit("xtc_probability", m.xtc_probability);
  visit("repeat_penalty", m.repeat_penalty);
  visit("frequency_penalty", m.frequency_penalty);
  visit("presence_penalty", m.presence_penalty);
  visit("penalty_window", m.penalty_window);
  visit("dry_multiplier", m.dry_multiplier);
  visit("dry_base", m.dry_base);
  visit("dry_allowed_length", m.dry_allowed_length);
  visit("dry_window", m.dry_window);
  visit("dry_breakers", m.dry_breakers);
  visit("mirostat_tau", m.mirostat_tau);
  visit("mirostat_eta", m.mirostat_eta);
  visit("logit_bias", m.logit_bias);
  visit("bans", m.bans);
  visit("ban_ignore_case", m.ban_ignore_case);
}

UNDERSTORY_FIELDS(LorebookEntry) {
  visit.required("keys", m.keys);
  visit.required("text", m.text);
}

UNDERSTORY_FIELDS(CompleteParams) {
  visit("prefix", m.prefix);
  visit.unless_empty("suffix", m.suffix);
  visit("prefix_offset", m.prefix_offset);
  visit.unless_empty("notes", m.notes);
  visit("notes_depth", m.notes_depth);
  visit.unless_empty("lorebook", m.lorebook);
  visit("lorebook_depth", m.lorebook_depth);
  visit("n", m.n);
  visit("max_tokens", m.max_tokens);
  visit("until", m.until);
  visit("min_probability", m.min_probability);
  visit("min_margin", m.min_margin);
  visit("time_budget_ms", m.time_budget_ms);
  visit.unless_empty("preset", m.preset);
  visit_fields(
      visit,
      static_cast<std::conditional_t<std::is_const_v<M>, const SamplerKeys, SamplerKeys>&>(m));
  visit("seed", m.seed);
  visit("top", m.top);
  visit("healing", m.healing);
  visit("suppress", m.suppress);
  visit.unless_empty("document", m.document);
  visit("prefetch", m.prefetch);
  visit("rank", m.rank);
  visit("stream", m.stream);
}

UNDERSTORY_FIELDS(CancelResult) {
  visit("cancelled", m.cancelled);
}
UNDERSTORY_FIELDS(CancelParams) {
  visit.required("request", m.request);
}

UNDERSTORY_FIELDS(RankedCandidate) {
  visit("bridge_logprob", m.bridge_logprob);
}
UNDERSTORY_FIELDS(RankResult) {
  visit("candidates", m.candidates);
  visit("order", m.order);
}
UNDERSTORY_FIELDS(RankParams) {
  visit("prefix", m.prefix);
  visit.required("suffix", m.suffix);
  visit.required("candidates", m.candidates);
}

UNDERSTORY_FIELDS(ScoredToken) {
  visit("id", m.id);
  visit("text", m.text);
  visit("byte_offset", m.byte_offset);
  visit("logprob", m.logprob);
  visit.unless_empty("top", m.top);
}

UNDERSTORY_FIELDS(ScoreResult) {
  visit("tokens", m.tokens);
  visit("bytes", m.bytes);
  visit("nats", m.nats);
  visit("bits_per_byte", m.bits_per_byte);
}

UNDERSTORY_FIELDS(ScoreParams) {
  visit.required("text", m.text);
  visit("top", m.top);
}

UNDERSTORY_FIELDS(TokenizeResult) {
  visit("ids", m.ids);
  visit("pieces", m.pieces);
}

UNDERSTORY_FIELDS(TokenizeParams) {
  visit.required("text", m.text);
  visit("add_bos", m.add_bos);
  visit("parse_special", m.parse_special);
  visit("pieces", m.pieces);
}

UNDERSTORY_FIELDS(DetokenizeResult) {
  visit("text", m.text);
}
UNDERSTORY_FIELDS(DetokenizeParams) {
  visit.required("ids", m.ids);
}

UNDERSTORY_FIELDS(MemorySummary) {
  visit("device_bytes", m.device_bytes);
  visit("kv_cache_bytes", m.kv_cache_bytes);
  visit("resident_bytes", m.resident_bytes);
}

UNDERSTORY_FIELDS(PercentilesSummary) {
  visit("p50_ms", m.p50_ms);
  visit("p90_ms", m.p90_ms);
  visit("p99_ms", m.p99_ms);
}

UNDERSTORY_FIELDS(EngineSummary) {
  visit("active", m.active);
  visit("queued", m.queued);
  visit("completed", m.completed);
  visit("cancelled", m.cancelled);
  visit("prompt_tokens", m.prompt_tokens);
  visit("cached_tokens", m.cached_tokens);
  visit("cache_hit_rate", m.cache_hit_rate);
  visit("decoded_tokens", m.decoded_tokens);
  visit("prefetched_tokens", m.prefetched_tokens);
  visit("kv_blocks_total", m.kv_blocks_total);
  visit("kv_blocks_used", m.kv_blocks_used);
  visit("kv_blocks_cached", m.kv_blocks_cached);
  visit("kv_evictions", m.kv_evictions);
  visit("ttft", m.ttft);
  visit("decode_tok_s", m.decode_tok_s);
}

UNDERSTORY_FIELDS(StatusResult) {
  visit("state", m.state);
  visit("error", m.error);
  visit("progress", m.progress);
  visit("version", m.version);
  visit("protocol", m.protocol);
  visit("pid", m.pid);
  visit("socket", m.socket);
  visit("uptime_s", m.uptime_s);
  visit("load_ms", m.load_ms);
  visit("clients", m.clients);
  visit("model", m.model);
  visit("device", m.device);
  visit("memory", m.memory);
  visit("engine", m.engine);
}

template <class Visitor>
void visit_fields(Visitor&, const StatusParams&) {}
template <class Visitor>
void visit_fields(Visitor&, const ShutdownParams&) {}

UNDERSTORY_FIELDS(ShutdownResult) {
  visit("pid", m.pid);
}

UNDERSTORY_FIELDS(ChunkNotice) {
  visit("request", m.request);
  visit("branch", m.branch);
  visit("text", m.text);
}

UNDERSTORY_FIELDS(ProgressNotice) {
  visit("state", m.state);
  visit("progress", m.progress);
  visit("error", m.error);
}

template <class Visitor, class T>
void visit_fields(Visitor& visit, DoneNotice<T>& m) {
  visit("request", m.request);
  visit("result", m.result);
  visit("error", m.error);
}
template <class Visitor, class T>
void visit_fields(Visitor& visit, const DoneNotice<T>& m) {
  visit("request", m.request);
  visit("result", m.result);
  visit("error", m.error);
}

#undef UNDERSTORY_FIELDS

}  // namespace understory::protocol
