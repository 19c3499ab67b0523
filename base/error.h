// Errors that a writer or a client is told about. The codes are stable strings on the wire.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace understory {

enum class ErrorCode {
  kInvalidArgument,  // a value is out of its range or of the wrong type; names the field
  kNotFound,         // a file, request or method does not exist
  kUnsupported,      // well-formed, but this build cannot do it (architecture, tensor type ...)
  kBadModel,         // a model file that is damaged or lies about itself
  kNoDevice,         // no usable compute device or driver
  kOutOfMemory,      // device or host memory is exhausted
  kBusy,             // a bounded queue is full; try again
  kLoading,          // the model is still being loaded
  kCancelled,        // stopped at the client's wish or by a newer request
  kProtocol,         // malformed frame or message
  kUnavailable,      // no daemon, a lost connection or device, or shutting down
  kIo,               // reading or writing failed
  kInternal,         // a defect of ours
};

/// The stable string of a code, as sent to clients: "invalid_argument", "not_found" ...
std::string_view to_string(ErrorCode code);

/// What went wrong and what to do about it, in words for a writer.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

/// Carries an Error through code that is allowed to throw: start-up, model load and request
/// handlers. Caught at dispatch, session, engine job and main only.
class ErrorException : public std::runtime_error {
 public:
  explicit ErrorException(Error error)
      : std::runtime_error(error.message), error_(std::move(error)) {}
  const Error& error() const { return error_; }

 private:
  Error error_;
};

}  // namespace understory
