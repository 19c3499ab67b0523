// Pages about branches: alternatives side by side, the story tree, tokens, notes.
#pragma once

namespace understory::tui {

class Workspace;

void open_alternatives(Workspace& workspace);
void open_tree(Workspace& workspace);
void open_tokens(Workspace& workspace);
void open_notes(Workspace& workspace);

}  // namespace understory::tui
