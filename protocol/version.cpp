#include "protocol/messages.h"

namespace understory::protocol {

std::string_view version() {
  return UNDERSTORY_VERSION;
}

}  // namespace understory::protocol
