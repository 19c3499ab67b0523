// Apart from terminal.cpp, as <term.h> makes macros of many short words.
#pragma once

#include <string>

namespace understory::tui {

/// Whether the terminfo database knows a terminal.
bool terminfo_has(const std::string& name);

}  // namespace understory::tui
