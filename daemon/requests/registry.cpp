#include "daemon/requests/registry.h"

#include <spdlog/spdlog.h>

#include <array>

namespace understory::requests {
namespace {

constexpr std::array kMethods{
    Method{"hello", hello, false, true},
    Method{"complete", complete},
    Method{"cancel", cancel, false, true, true},
    Method{"rank", rank},
    Method{"score", score},
    Method{"tokenize", tokenize},
    Method{"detokenize", detokenize},
    Method{"status", status, false},
    Method{"shutdown", shut_down, false, true},
};

void run(Services& services, const std::shared_ptr<Call>& call) {
  const Method* method = find_method(call->method());
  if (method == nullptr) {
    return call->fail({ErrorCode::kNotFound, "there is no method '" + call->method() + "'"});
  }
  if (method->needs_model) (void)services.resident->get().value_or_throw();
  method->handler(call);
}

}  // namespace

const Method* find_method(std::string_view name) {
  for (const Method& method : kMethods) {
    if (method.name == name) return &method;
  }
  for (const Method& method : story_methods()) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

void dispatch(Services& services, const std::shared_ptr<Call>& call) noexcept {
  try {
    run(services, call);
  } catch (const ErrorException& e) {
    call->fail(e.error());
  } catch (const std::exception& e) {
    spdlog::error("{} failed: {}", call->method(), e.what());
    call->fail({ErrorCode::kInternal, std::string("a defect in understoryd: ") + e.what()});
  }
}

Services& services_of(const Call& call) {
  const std::shared_ptr<Connection> connection = call.connection();
  if (!connection) throw ErrorException({ErrorCode::kUnavailable, "the connection has closed"});
  return connection->services();
}

std::shared_ptr<const LoadedModel> model_of(const Call& call) {
  return services_of(call).resident->get().value_or_throw();
}

}  // namespace understory::requests
