// Results as JSON; the shapes are stable and described in cli/README.md.
//
// A text that is not valid UTF-8 has each wrong byte replaced by U+FFFD, and beside it
// "text_base64" with the bytes as they are.
#pragma once

#include <string>

#include "protocol/messages.h"

namespace understory::cli {

std::string to_json(const protocol::CompleteResult& result);
std::string to_json(const protocol::ScoreResult& result);
std::string to_json(const protocol::TokenizeResult& result);
std::string to_json(const protocol::DetokenizeResult& result);
std::string to_json(const protocol::StatusResult& status);

}  // namespace understory::cli
