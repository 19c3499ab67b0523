// Between stories and their messages.
#pragma once

#include "daemon/story/story.h"
#include "daemon/story/views.h"
#include "protocol/story_messages.h"

namespace understory::requests {

protocol::StoryChange to_protocol(const story::Done& done);
protocol::StoryGeneration to_protocol(const story::Generation& generation);

/// Describes nodes of one tree; knows which are on the manuscript's path.
class NodeDescriber {
 public:
  explicit NodeDescriber(const story::Tree& tree);
  /// Without offset, text and spans.
  protocol::StoryNode describe(const story::Listed& listed) const;
  /// With text, spans and generations.
  protocol::StoryNode describe_whole(const story::Listed& listed) const;

 private:
  const story::Tree& tree_;
  std::unordered_set<const story::Node*> on_path_;
};

/// Throws ErrorException (kInvalidArgument).
story::Origin origin_from(const std::string& name);
story::Way way_from(const std::string& name);
story::Generation from_protocol(const protocol::StoryGeneration& generation);

}  // namespace understory::requests
