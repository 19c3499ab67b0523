// Requests that Ctrl-C can stop.
#pragma once

#include <optional>
#include <utility>

#include "cli/command.h"
#include "cli/terminal.h"
#include "protocol/client.h"

namespace understory::cli {

/// How long a cancelled request may take to be answered.
inline constexpr int kCancelTimeoutMs = 10'000;

inline constexpr int kLookAgainMs = 200;

/// As Client::call, but the first Ctrl-C (under an InterruptWatch), or `should_stop`, cancels the
/// request; its answer then has what was made so far.
template <class Params>
Result<typename Params::Result> call_interruptibly(
    protocol::Client& client, const Params& params,
    const std::function<bool()>& should_stop = [] { return false; }) {
  using Answer = Result<typename Params::Result>;
  // Shared with the callback, which may outlive a request that is given up.
  const auto answer = std::make_shared<std::optional<Answer>>();
  const Result<std::uint32_t> id =
      client.send(params, [answer](Answer result) { answer->emplace(std::move(result)); });
  if (!id) return id.error();
  const auto stopping = [&] { return is_interrupted() || should_stop(); };
  Status waited;
  do {  // in short waits, as a signal just before one does not end it
    waited = client.wait_until([&] { return answer->has_value() || stopping(); }, kLookAgainMs);
  } while (!answer->has_value() && !stopping() && client.fd() >= 0);
  if (!answer->has_value() && client.fd() >= 0) {
    (void)client.send(protocol::CancelParams{*id}, {});
    waited = client.wait_until([&] { return answer->has_value(); }, kCancelTimeoutMs);
  }
  if (answer->has_value()) return std::move(**answer);
  return waited ? Error{ErrorCode::kInternal, "the request ended without an answer"}
                : waited.error();
}

/// The value, or CommandFailure with the error's exit code.
template <class T>
T value_or_fail(Result<T> result) {
  if (!result) throw CommandFailure(exit_code_of(result.error().code), result.error());
  return std::move(result).value();
}

/// The same for what the user gave: a file that cannot be read is a usage error.
template <class T>
T usable_or_fail(Result<T> result) {
  if (!result) throw CommandFailure(kExitUsage, result.error());
  return std::move(result).value();
}

}  // namespace understory::cli
