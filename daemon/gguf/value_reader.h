// One metadata value: its type number and its body.
#pragma once

#include <string>

#include "daemon/gguf/byte_reader.h"
#include "daemon/gguf/gguf.h"

namespace understory::gguf {

/// `what` names the value in errors. kBadModel.
Result<Value> read_value(ByteReader& reader, const std::string& what);

}  // namespace understory::gguf
