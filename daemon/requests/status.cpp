// status and shutdown.
#include <unistd.h>

#include <fstream>

#include "daemon/requests/registry.h"

namespace understory::requests {
namespace {

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

protocol::EngineSummary to_protocol(const engine::EngineStatus& s) {
  protocol::EngineSummary out;
  out.active = s.active;
  out.queued = s.queued;
  out.completed = s.completed;
  out.cancelled = s.cancelled;
  out.prompt_tokens = s.prompt_tokens;
  out.cached_tokens = s.cached_tokens;
  if (s.prompt_tokens > 0) {
    out.cache_hit_rate =
        static_cast<double>(s.cached_tokens) / static_cast<double>(s.prompt_tokens);
  }
  out.decoded_tokens = s.decoded_tokens;
  out.prefetched_tokens = s.prefetched_tokens;
  out.kv_blocks_total = s.kv_blocks_total;
  out.kv_blocks_used = s.kv_blocks_used;
  out.kv_blocks_cached = s.kv_blocks_cached;
  out.kv_evictions = s.kv_evictions;
  out.ttft = {s.ttft.p50_ms, s.ttft.p90_ms, s.ttft.p99_ms};
  out.decode_tok_s = s.decode_tok_s;
  return out;
}

void add_model(protocol::StatusResult& result, const LoadedModel& loaded) {
  result.model = loaded.model;
  result.device = loaded.device;
  result.memory.device_bytes = loaded.device_bytes;
  result.memory.kv_cache_bytes = loaded.kv_cache_bytes;
  result.engine = to_protocol(loaded.engine->status());
}

}  // namespace

void status(const std::shared_ptr<Call>& call) {
  const Services& services = services_of(*call);
  const ResidentModel::Snapshot now = services.resident->snapshot();
  protocol::StatusResult result;
  result.state = to_string(now.state);
  if (now.error) result.error = protocol::to_failure(*now.error);
  result.progress = now.progress;
  result.version = protocol::version();
  result.protocol = protocol::kProtocolVersion;
  result.pid = static_cast<std::uint32_t>(getpid());
  result.socket = services.socket;
  result.uptime_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - services.started).count();
  result.load_ms = now.load_ms;
  result.clients = services.n_clients();
  result.memory.resident_bytes = resident_bytes();
  if (now.loaded) add_model(result, *now.loaded);
  call->finish(result);
}

void shut_down(const std::shared_ptr<Call>& call) {
  const Services& services = services_of(*call);
  call->finish(protocol::ShutdownResult{static_cast<std::uint32_t>(getpid())});
  services.shut_down();
}

}  // namespace understory::requests
