#include "cli/json_output.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/text.h"
#include "protocol/utf8.h"

namespace understory::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kIndent = 2;

std::string dump(const Json& json) {
  return json.dump(kIndent, ' ', false, Json::error_handler_t::replace);
}

void put_text(Json& object, std::string_view text) {
  if (protocol::is_valid_utf8(text)) {
    object["text"] = text;
  } else {
    object["text"] = replace_invalid_utf8(text);
    object["text_base64"] = base64(text);
  }
}

/// Shortest decimal that gives the same float back, not the double's long tail.
Json number(float value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(std::to_string(value).c_str(), nullptr);
}

Json token_json(std::uint32_t id, const std::string& text, float logprob) {
  Json json{{"id", id}};
  put_text(json, text);
  json["logprob"] = number(logprob);
  return json;
}

void put_top(Json& token, const std::vector<protocol::TopToken>& top) {
  if (top.empty()) return;
  token["top"] = Json::array();
  for (const auto& t : top) token["top"].push_back(token_json(t.id, t.text, t.logprob));
}

Json branch_json(const protocol::Branch& branch) {
  Json json = Json::object();
  put_text(json, branch.text);
  json["tokens"] = Json::array();
  for (const auto& token : branch.tokens) {
    json["tokens"].push_back(token_json(token.id, token.text, token.logprob));
    put_top(json["tokens"].back(), token.top);
  }
  json["finish_reason"] = branch.finish_reason;
  if (!branch.suppressed.empty()) json["suppressed"] = branch.suppressed;
  if (branch.bridge_logprob) json["bridge_logprob"] = number(*branch.bridge_logprob);
  json["mean_logprob"] = number(branch.mean_logprob);
  json["seed"] = branch.seed;
  return json;
}

Json timings_json(const protocol::Timings& timings) {
  return {{"prompt_tokens", timings.prompt_tokens},
          {"cached_tokens", timings.cached_tokens},
          {"dropped_tokens", timings.dropped_tokens},
          {"healed_tokens", timings.healed_tokens.value_or(0)},
          {"late_tokens", timings.late_tokens.value_or(0)},
          {"prefetched", timings.prefetched.value_or(0)},
          {"ttft_ms", timings.ttft_ms},
          {"prefill_ms", timings.prefill_ms},
          {"decode_ms", timings.decode_ms},
          {"decode_tok_s", timings.decode_tok_s}};
}

Json context_json(const protocol::ContextUse& context) {
  return {{"size", context.size},
          {"notes_tokens", context.notes_tokens},
          {"lorebook_tokens", context.lorebook_tokens},
          {"dropped_bytes", context.dropped_bytes},
          {"lorebook", context.lorebook},
          {"lorebook_left_out", context.lorebook_left_out}};
}

Json model_json(const protocol::ModelSummary& model) {
  return {{"name", model.name},
          {"path", model.path},
          {"architecture", model.architecture},
          {"file_type", model.file_type},
          {"tokenizer", model.tokenizer},
          {"n_parameters", model.n_parameters},
          {"weight_bytes", model.weight_bytes},
          {"n_layers", model.n_layers},
          {"dim", model.dim},
          {"n_heads", model.n_heads},
          {"n_kv_heads", model.n_kv_heads},
          {"head_dim", model.head_dim},
          {"vocab_size", model.vocab_size},
          {"trained_context", model.trained_context},
          {"context", model.context}};
}

Json device_json(const protocol::DeviceSummary& device) {
  return {{"name", device.name},
          {"driver", device.driver},
          {"api_version", device.api_version},
          {"kind", device.kind},
          {"subgroup_size", device.subgroup_size},
          {"memory_bytes", device.memory_bytes},
          {"free_memory_bytes", device.free_memory_bytes},
          {"kernel_family", device.kernel_family}};
}

Json engine_json(const protocol::EngineSummary& engine) {
  return {{"active", engine.active},
          {"queued", engine.queued},
          {"completed", engine.completed},
          {"cancelled", engine.cancelled},
          {"prompt_tokens", engine.prompt_tokens},
          {"cached_tokens", engine.cached_tokens},
          {"cache_hit_rate", engine.cache_hit_rate},
          {"decoded_tokens", engine.decoded_tokens},
          {"prefetched_tokens", engine.prefetched_tokens},
          {"kv_blocks_total", engine.kv_blocks_total},
          {"kv_blocks_used", engine.kv_blocks_used},
          {"kv_blocks_cached", engine.kv_blocks_cached},
          {"kv_evictions", engine.kv_evictions},
          {"ttft",
           {{"p50_ms", engine.ttft.p50_ms},
            {"p90_ms", engine.ttft.p90_ms},
            {"p99_ms", engine.ttft.p99_ms}}},
          {"decode_tok_s", engine.decode_tok_s}};
}

}  // namespace

std::string to_json(const protocol::CompleteResult& result) {
  Json json;
  json["branches"] = Json::array();
  for (const auto& branch : result.branches) json["branches"].push_back(branch_json(branch));
  if (!result.order.empty()) json["order"] = result.order;
  json["timings"] = timings_json(result.timings);
  json["context"] = context_json(result.context);
  json["typed_through"] = result.typed_through;
  json["model"] = result.model;
  json["device"] = result.device;
  return dump(json);
}

std::string to_json(const protocol::ScoreResult& result) {
  Json json;
  json["tokens"] = Json::array();
  for (const auto& token : result.tokens) {
    Json entry{{"id", token.id}};
    put_text(entry, token.text);
    entry["byte_offset"] = token.byte_offset;
    entry["logprob"] = number(token.logprob);
    put_top(entry, token.top);
    json["tokens"].push_back(std::move(entry));
  }
  json["bytes"] = result.bytes;
  json["nats"] = result.nats;
  json["bits_per_byte"] = result.bits_per_byte;
  return dump(json);
}

std::string to_json(const protocol::TokenizeResult& result) {
  Json json;
  json["tokens"] = Json::array();
  for (std::size_t i = 0; i < result.ids.size(); ++i) {
    Json entry{{"id", result.ids[i]}};
    if (result.pieces && i < result.pieces->size()) put_text(entry, (*result.pieces)[i]);
    json["tokens"].push_back(std::move(entry));
  }
  return dump(json);
}

std::string to_json(const protocol::DetokenizeResult& result) {
  Json json = Json::object();
  put_text(json, result.text);
  return dump(json);
}

std::string to_json(const protocol::StatusResult& status) {
  Json json{{"state", status.state}};
  if (status.error) {
    json["error"] = {{"code", status.error->code}, {"message", status.error->message}};
  }
  json["progress"] = number(status.progress);
  json["version"] = status.version;
  json["protocol"] = status.protocol;
  json["pid"] = status.pid;
  json["socket"] = status.socket;
  json["uptime_s"] = status.uptime_s;
  json["load_ms"] = status.load_ms;
  json["clients"] = status.clients;
  if (status.model) json["model"] = model_json(*status.model);
  if (status.device) json["device"] = device_json(*status.device);
  json["memory"] = {{"device_bytes", status.memory.device_bytes},
                    {"kv_cache_bytes", status.memory.kv_cache_bytes},
                    {"resident_bytes", status.memory.resident_bytes}};
  if (status.engine) json["engine"] = engine_json(*status.engine);
  return dump(json);
}

}  // namespace understory::cli
