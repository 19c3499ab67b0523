#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/requests/registry.h"
#include "protocol/frame.h"

namespace understory::requests {
namespace {

constexpr std::size_t kMaxNotifyLuaBytes = 4096;

void check(const protocol::HelloParams& params) {
  if (params.protocol > protocol::kProtocolVersion) {
    throw ErrorException({ErrorCode::kUnsupported,
                          "the client speaks protocol version " + std::to_string(params.protocol) +
                              ", this daemon up to " + std::to_string(protocol::kProtocolVersion) +
                              "; update understory"});
  }
  if (params.notify_lua.size() > kMaxNotifyLuaBytes) {
    throw ErrorException(
        {ErrorCode::kInvalidArgument,
         "'notify_lua' may have at most " + std::to_string(kMaxNotifyLuaBytes) + " bytes"});
  }
}

}  // namespace

void hello(const std::shared_ptr<Call>& call) {
  const auto params = call->params<protocol::HelloParams>();
  check(params);
  call->connection()->introduce(params);
  spdlog::debug("hello from '{}' {}", params.client, params.client_version);

  const ResidentModel::Snapshot now = services_of(*call).resident->snapshot();
  protocol::HelloResult result;
  result.server = "understoryd";
  result.version = protocol::version();
  result.protocol = protocol::kProtocolVersion;
  result.pid = static_cast<std::uint32_t>(getpid());
  result.state = to_string(now.state);
  result.limits = {protocol::kRequestLimits.max_bytes, protocol::kAnswerLimits.max_bytes,
                   protocol::kMaxNesting, kMaxOpenCalls};
  result.presets = services_of(*call).presets.names();
  if (now.loaded) {
    result.model = now.loaded->model;
    result.device = now.loaded->device;
  }
  call->finish(result);
}

}  // namespace understory::requests
