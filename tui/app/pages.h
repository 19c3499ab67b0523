// Pages over the text: help, welcome, statistics, outline, spelling; and the find bar.
#pragma once

#include <memory>

#include "tui/app/panel.h"

namespace understory::tui {

class Workspace;

std::unique_ptr<Panel> help_page(Workspace& workspace);
std::unique_ptr<Panel> welcome_page(Workspace& workspace);
std::unique_ptr<Panel> statistics_page(Workspace& workspace);
std::unique_ptr<Panel> outline_page(Workspace& workspace);
/// Suggestions for the word at the caret, or the next misspelt one.
void open_spelling(Workspace& workspace);
std::unique_ptr<Panel> find_bar(Workspace& workspace, bool replaces);
void find_again(Workspace& workspace, bool forward);

}  // namespace understory::tui
