// Exports. JSON is written piece by piece: a chain of a hundred thousand nested nodes is usual, and
// nothing here recurses.
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "daemon/story/exchange.h"
#include "daemon/story/spans.h"
#include "daemon/story/views.h"

namespace understory::story {
namespace {

using Json = nlohmann::ordered_json;

// Bytes that are not UTF-8 become U+FFFD.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_utf8(std::string_view text) {
  try {
    (void)Json(std::string(text)).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

// `key`, or `key`_hex where the text is not UTF-8.
void put_text(Json& out, const std::string& key, const std::string& text) {
  if (is_utf8(text)) {
    out[key] = text;
  } else {
    out[key + "_hex"] = hex(text);
  }
}

Json own_node(const Node& node) {
  Json out;
  out["id"] = node.id;
  out["parent"] = node.parent == kRoot ? Json() : Json(node.parent);
  put_text(out, "text", node.text);
  Json spans = Json::array();
  for (const Span& span : node.spans) {
    Json s = Json::array({span.bytes, to_string(span.origin)});
    if (span.generation != kNoGeneration) s.push_back(span.generation);
    spans.push_back(std::move(s));
  }
  out["spans"] = std::move(spans);
  if (!node.name.empty()) put_text(out, "name", node.name);
  if (node.bookmarked) out["bookmarked"] = true;
  if (node.trashed_ms != 0) out["trashed_ms"] = node.trashed_ms;
  if (node.chosen != kNoNode) out["chosen"] = node.chosen;
  out["created_ms"] = node.created_ms;
  out["modified_ms"] = node.modified_ms;
  return out;
}

Json own_generation(const Generation& g) {
  Json out;
  out["id"] = g.id;
  put_text(out, "model", g.model);
  put_text(out, "params", g.params);
  out["seed"] = g.seed;
  out["prompt_hash"] = g.prompt_hash;
  out["mean_logprob"] = g.mean_logprob;
  out["finish_reason"] = g.finish_reason;
  out["created_ms"] = g.created_ms;
  return out;
}

// Those of nodes that were undone stay in the file, but are no part of the tree.
std::set<GenerationId> generations_in_use(const Tree& tree) {
  std::set<GenerationId> out;
  for (const auto& [id, node] : tree.nodes()) {
    for (const Span& span : node.spans) out.insert(span.generation);
  }
  return out;
}

std::string to_own_json(const Tree& tree) {
  std::string out = "{\"format\": \"understory-story\", \"version\": 1";
  const NodeId current = tree.header().current;
  const NodeId hoisted = tree.header().hoisted;
  out += ",\n\"current\": " + (current == kRoot ? "null" : std::to_string(current));
  out += ", \"hoisted\": " + (hoisted == kNoNode ? "null" : std::to_string(hoisted));
  out += ",\n\"settings\": [";
  const char* comma = "\n";
  for (const auto& [key, value] : tree.settings()) {
    Json setting;
    put_text(setting, "key", key);
    put_text(setting, "value", value);
    out += comma + dump(setting);
    comma = ",\n";
  }
  out += "],\n\"generations\": [";
  comma = "\n";
  for (const GenerationId id : generations_in_use(tree)) {
    const Generation* generation = tree.generation(id);
    if (generation == nullptr) continue;
    out += comma + dump(own_generation(*generation));
    comma = ",\n";
  }
  out += "],\n\"nodes\": [";
  comma = "\n";
  walk(tree.root(), [&](const Node& node, std::uint32_t) {
    if (node.id == kRoot) return true;
    out += comma + dump(own_node(node));
    comma = ",\n";
    return true;
  });
  return out + "\n]}\n";
}

// For people: every stretch without a choice is a section.
std::string to_markdown(const Tree& tree) {
  const Path path = tree.path_to(tree.current());
  const std::unordered_set<const Node*> on_path(path.begin(), path.end());
  struct Section {
    const Node* first;
    std::string number;
  };
  std::vector<Section> open;
  const auto push = [&](const Node& parent, const std::string& number) {
    const std::vector<const Node*> children = tree.live_children(parent);
    for (std::size_t i = children.size(); i-- > 0;) {
      const std::string own = std::to_string(i + 1);
      open.push_back({children[i], number.empty() ? own : number + "." + own});
    }
  };
  std::string out;
  push(tree.root(), "");
  while (!open.empty()) {
    const Section section = std::move(open.back());
    open.pop_back();
    out += (out.empty() ? "" : "\n\n") + std::string("<!-- branch ") + section.number;
    if (on_path.contains(section.first)) out += ", in the manuscript";
    out += " -->\n\n";
    const Node* last = section.first;
    std::string text;
    for (const Node* node = section.first; node != nullptr;) {
      if (!node->name.empty()) text += "<!-- " + node->name + " -->\n\n";
      if (node->bookmarked) text += "<!-- bookmark -->\n\n";
      text += node->text;
      last = node;
      node = tree.n_live_children(*node) == 1 ? tree.next_down(*node) : nullptr;
    }
    out += text;
    push(*last, section.number);
  }
  return out + "\n";
}

std::string pyloom_time(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof(text), "%Y-%m-%d-%H.%M.%S", &utc);
  return {text, size};
}

// All of a node but its children and the closing brace.
std::string pyloom_head(const Node& node) {
  Json out;
  out["id"] = std::to_string(node.id);
  out["text"] = node.text;
  if (node.parent != kNoNode) out["parent_id"] = std::to_string(node.parent);
  out["mutable"] = node.id != kRoot;
  out["visited"] = true;
  if (node.bookmarked) out["tags"] = Json::array({"bookmark"});
  if (!node.name.empty()) out["chapter_id"] = "chapter-" + std::to_string(node.id);
  constexpr std::array kSources{"prompt", "AI", "mixed"};
  out["meta"] = {{"source", kSources[static_cast<std::size_t>(origin_of(node))]},
                 {"creation_timestamp", pyloom_time(node.created_ms)}};
  std::string text = dump(out);
  text.pop_back();
  return text;
}

std::string to_pyloom(const Tree& tree) {
  std::string out = "{\"root\": ";
  Json chapters = Json::object();
  std::uint32_t open = 0;  // nodes whose children are being written
  bool first = true;
  walk(tree.root(), [&](const Node& node, std::uint32_t depth) {
    if (node.trashed_ms != 0) return false;
    for (; open > depth; --open) out += "]}";
    if (!first && depth > 0 && out.back() != '[') out += ",\n";
    first = false;
    out += pyloom_head(node) + ", \"children\": [";
    open = depth + 1;
    if (!node.name.empty()) {
      const std::string id = "chapter-" + std::to_string(node.id);
      chapters[id] = {{"id", id}, {"root_id", std::to_string(node.id)}, {"title", node.name}};
    }
    return true;
  });
  for (; open > 0; --open) out += "]}";
  out += ",\n\"chapters\": " + dump(chapters) + ",\n\"selected_node_id\": \"" +
         std::to_string(tree.header().current) + "\"}\n";
  return out;
}

std::string to_loomsidian(const Tree& tree) {
  Json out;
  out["current"] = std::to_string(tree.header().current);
  out["hoisted"] = Json::array();
  if (tree.header().hoisted != kNoNode) {
    out["hoisted"].push_back(std::to_string(tree.header().hoisted));
  }
  out["searchTerm"] = "";

  std::vector<std::pair<std::string, Json>> listed;
  const bool at_root = tree.header().current == kRoot;
  walk(tree.root(), [&](const Node& node, std::uint32_t) {
    if (node.trashed_ms != 0) return false;
    if (node.id == kRoot && !at_root && !tree.live_children(node).empty()) return true;
    Json to;
    to["text"] = node.text;
    const bool top = node.id == kRoot || (node.parent == kRoot && !at_root);
    to["parentId"] = top ? Json() : Json(std::to_string(node.parent));
    to["collapsed"] = false;
    to["unread"] = false;
    to["bookmarked"] = node.bookmarked;
    to["lastVisited"] = node.modified_ms;
    to["searchResultState"] = nullptr;
    listed.emplace_back(std::to_string(node.id), std::move(to));
    return true;
  });
  // An ordered object looks through all its keys for each new one; so it is written by hand.
  std::string text = dump(out);
  text.pop_back();
  text += ",\"nodes\":{";
  const char* comma = "\n";
  for (const auto& [id, node] : listed) {
    text += comma + ("\"" + id + "\":") + dump(node);
    comma = ",\n";
  }
  return text + "\n},\"generating\":null}\n";
}

}  // namespace

std::string export_story(const Tree& tree, const std::string& format, const Node& node) {
  if (format == "text") return tree.text_to(node);
  if (format == "json") return to_own_json(tree);
  if (format == "markdown") return to_markdown(tree);
  if (format == "pyloom") return to_pyloom(tree);
  if (format == "loomsidian") return to_loomsidian(tree);
  throw ErrorException(
      {ErrorCode::kInvalidArgument,
       "'format' must be text, json, markdown, pyloom or loomsidian, not '" + format + "'"});
}

}  // namespace understory::story
