// Trees as files, of our own form and of other programs. README.md describes each form, and
// what other programs' forms cannot say.
#pragma once

#include <string>
#include <string_view>

#include "daemon/story/story.h"

namespace understory::story {

/// `format`: "text" (the path to `node`), "json", "markdown", "pyloom", "loomsidian" (the tree).
/// Throws ErrorException (kInvalidArgument).
std::string export_story(const Tree& tree, const std::string& format, const Node& node);

/// Adds what `text` holds below `parent`, as one step. `format` as above, less markdown, or
/// "auto". With `choose` the manuscript becomes the path that was current there. Throws
/// ErrorException (kInvalidArgument) where the text is not of that form.
Done import_story(Story& story, std::string_view text, const std::string& format, NodeId parent,
                  bool choose);

}  // namespace understory::story
