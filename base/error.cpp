#include "base/error.h"

namespace understory {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kBadModel:
      return "bad_model";
    case ErrorCode::kNoDevice:
      return "no_device";
    case ErrorCode::kOutOfMemory:
      return "out_of_memory";
    case ErrorCode::kBusy:
      return "busy";
    case ErrorCode::kLoading:
      return "loading";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kProtocol:
      return "protocol";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

}  // namespace understory
