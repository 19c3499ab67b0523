// How a value out of its range is refused.
#pragma once

#include <string>

#include "base/result.h"

namespace understory::engine {

inline Error out_of_range(const char* field, const std::string& range, const std::string& value) {
  return {ErrorCode::kInvalidArgument,
          std::string(field) + " must be " + range + ", but is " + value};
}

/// Without the zeros at its end.
inline std::string number(float value) {
  std::string text = std::to_string(value);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  return text;
}

}  // namespace understory::engine
