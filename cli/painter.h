// Shows branches while they are thought of. The writer's own text is plain, ghost text is not.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"
#include "protocol/messages.h"

namespace understory::cli {

class Painter {
 public:
  virtual ~Painter() = default;
  /// A piece of a branch. False where nobody reads any more (a closed pipe).
  virtual bool chunk(std::uint32_t branch, std::string_view text) = 0;
  /// All branches, once no more chunks come.
  virtual bool finish(const std::vector<protocol::Branch>& branches) = 0;
};

/// One branch: bytes as they come; on a terminal after the end of `prefix`, and safe to show.
std::unique_ptr<Painter> make_stream_painter(const Paint& paint, std::string_view prefix,
                                             bool echo_prefix);

/// Several branches one under another, growing together: for terminals.
std::unique_ptr<Painter> make_block_painter(const Paint& paint, std::string_view prefix,
                                            bool echo_prefix, std::size_t n_branches);

/// Several branches one after another, each under a line "[1]": for pipes and files.
std::unique_ptr<Painter> make_list_painter(std::string_view prefix, bool echo_prefix);

/// Lines of at most `columns` columns, broken at spaces where there are some. For tests too.
std::vector<std::string> wrap(std::string_view text, std::size_t columns);

}  // namespace understory::cli
