// Pages about branches: alternatives side by side, the story tree, tokens, notes.
#pragma once

#include <vector>

#include "tui/app/keyed_page.h"

namespace understory::tui {

class Workspace;

void open_alternatives(Workspace& workspace);
void open_tree(Workspace& workspace);
void open_tokens(Workspace& workspace);
void open_notes(Workspace& workspace);

// What their keys do, for the help page.
std::vector<KeyHelp> alternatives_keys();
std::vector<KeyHelp> tree_keys();
std::vector<KeyHelp> token_keys();

}  // namespace understory::tui
